"""A layer as a tar: packed from a directory, unpacked into one, compressed, listed; never trusted.

directory ──diff──> tar ──LayerWriter──> blob          changes: what a layer says, as values
directory <──apply── tar <──LayerReader── blob          images: what `docker save` writes
"""
