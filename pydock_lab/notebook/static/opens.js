// What can be opened has aria-expanded: the kernel reads it, and sends the picture anew.
function opens({ model, signal }, filter) {
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
  const tools = ({ word }) => {
    const input = make("input", { type: "search", "aria-label": word(filter), placeholder: word(filter), [SUPPRESS]: "true" });
    const bar = make("div", { class: "pydock-filter" }, input);
    input.value = model.get("filter");
    let waiting;
    input.addEventListener("input", () => {
      clearTimeout(waiting);
      waiting = setTimeout(() => { model.set("filter", input.value.trim()); model.save_changes(); }, 150);
    }, { signal });
    bar.hidden = !model.get("explores");
    return bar;
  };
  return { onActivate, tools };
}
