// Fields for the parts of a command: what is typed goes to the kernel, and the picture comes back composed.
const PARTS = { entrypoint: "ENTRYPOINT", cmd: "CMD", run_words: "docker run IMAGE", option: "--entrypoint" };

function fields({ model, signal }) {
  return ({ word }) => {
    const bar = make("div", { class: "pydock-fields" });
    for (const [name, title] of Object.entries(PARTS)) {
      const input = make("input", { type: "text", spellcheck: "false", autocomplete: "off", [SUPPRESS]: "true" });
      input.value = model.get(name);
      let waiting;
      input.addEventListener("input", () => {
        clearTimeout(waiting);
        waiting = setTimeout(() => { model.set(name, input.value); model.save_changes(); }, 150);
      }, { signal });
      const follow = () => { if (document.activeElement !== input) input.value = model.get(name); };
      model.on(`change:${name}`, follow);
      signal?.addEventListener("abort", () => model.off(`change:${name}`, follow));
      bar.append(make("label", {}, make("span", { text: title }), input));
    }
    bar.setAttribute("role", "group");
    bar.setAttribute("aria-label", word("fields"));
    return bar;
  };
}

export default { render: (context) => picture(context, { tools: fields(context) }) };
