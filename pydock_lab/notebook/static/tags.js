// A layer that the pointer is on lights up wherever it is: what has the same digest is the same layer.
function sameLayers({ frame, say, word, signal }) {
  const chips = [...frame.querySelectorAll(".chip")];
  const light = (digest) => {
    for (const chip of chips) chip.classList.toggle("same", chip.dataset.digest === digest);
  };
  for (const chip of chips) {
    chip.addEventListener("pointerenter", () => {
      light(chip.dataset.digest);
      say(word("same", { count: chips.filter((other) => other.dataset.digest === chip.dataset.digest).length }));
    }, { signal });
    chip.addEventListener("pointerleave", () => light(undefined), { signal });
  }
}

export default { render: (context) => picture(context, { onDraw: sameLayers, ...opens(context, "filter") }) };
