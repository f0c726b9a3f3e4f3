"""The Engine: one Protocol, and the local engine that fulfils it."""
