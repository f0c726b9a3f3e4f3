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

// What can be opened has aria-expanded: the kernel reads it, and sends the picture anew.
function opens({ model, signal }) {
  const wants = (item, how) => {
    const is = item.getAttribute("aria-expanded");
    if (is === null || !model.get("explores")) return undefined;
    if (how === "Enter" || how === " " || how === "again") return is === "false";
    if (how === "click" || how === "ArrowRight") return is === "false" ? true : undefined;
    return how === "ArrowLeft" && is === "true" ? false : undefined;
  };
  const onActivate = (item, how) => {
    const open = wants(item, how);
    if (open === undefined) return false;
    model.send({ type: open ? "expand" : "collapse", key: item.dataset.pick });
    return true;
  };
  const tools = ({ word, say }) => {
    const input = make("input", { type: "search", "aria-label": word("filter"), placeholder: word("filter"), [SUPPRESS]: "true" });
    const bar = make("div", { class: "pydock-filter" }, input);
    input.value = model.get("filter");
    let waiting;
    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { model.set("filter", input.value.trim()); model.save_changes(); }, 150);
    }, { signal });
    bar.hidden = !model.get("explores");
    model.on("change:said", () => { if (model.get("said")) say(model.get("said")); });
    return bar;
  };
  return { onActivate, tools };
}

export default { render: (context) => picture(context, { onDraw: sameLayers, ...opens(context) }) };
