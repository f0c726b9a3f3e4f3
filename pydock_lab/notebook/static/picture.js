// Brings a picture to life. The SVG comes from Python, finished; this adds choosing a part (mouse and keyboard), a
// panel with what is behind it, and the words of a screen reader. What can be chosen has `data-pick`, its key.
//
//   .pydock                     grid: picture | panel (below it on a narrow page)
//     .pydock-picture  svg ... g.picks[role=listbox|tree]  g.pick[role=option|treeitem]
//     .pydock-panel    title, facts, files, docker command
//     .pydock-status   role=status: said aloud when it changes

const PANEL_WIDTH = 340;
const WIDE = 1040;
const HEARTBEAT = 5000;
let pictures = 0;

function picture({ model, el, signal }, { onDraw = () => {}, onMark = () => {}, onActivate = () => false, tools } = {}) {
  const prefix = `pydock-${++pictures}-`;
  const frame = make("div", { class: "pydock-picture" });
  const panel = make("div", { class: "pydock-panel" });
  const status = make("div", { class: "pydock-status", role: "status" });
  const root = make("div", { class: "pydock pd-host" }, frame, panel, status);
  el.append(root);

  const word = (name, fields = {}) => {
    const text = model.get("words")[model.get("language")]?.[name] ?? "";
    return text.replace(/\{(\w+)\}/g, (_, field) => fields[field] ?? "");
  };
  const say = (text) => { status.textContent = text; };
  const items = () => [...frame.querySelectorAll(".pick")];
  const picks = () => frame.querySelector(".picks");
  const chosen = () => model.get("selected");
  const unpacking = new Map(); // by name: the bytes, and what becomes of them
  let drawn = "";
  let behind = [];
  let turn = 0;
  const hands = { frame, say, word, items, chosen, choose, signal }; // what a widget of its own needs

  // Of two pictures that are being unpacked, the later is shown.
  async function receive() {
    const mine = ++turn;
    const both = await Promise.all([unpacked("drawn"), unpacked("behind")]);
    if (mine !== turn || signal?.aborted) return;
    [drawn, behind] = both;
    draw();
  }

  function unpacked(name) {
    const bytes = model.get(name);
    if (unpacking.get(name)?.bytes !== bytes) {
      const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
      unpacking.set(name, { bytes, value: new Response(stream).json() });
    }
    return unpacking.get(name).value;
  }

  function draw() {
    const focused = picks()?.contains(document.activeElement);
    const parsed = new DOMParser().parseFromString(drawn, "image/svg+xml");
    if (parsed.querySelector("parsererror")) return;
    const svg = document.importNode(parsed.documentElement, true);
    // Ids are made this picture's own: the same picture may be on a page twice.
    for (const node of svg.querySelectorAll("[id]")) node.id = prefix + node.id;
    // What is new is called attention to once, however often it is drawn.
    const known = new Set([...frame.querySelectorAll("[data-fresh]")].map((node) => node.dataset.fresh));
    for (const node of svg.querySelectorAll("[data-fresh]")) node.classList.toggle("pulse", !known.has(node.dataset.fresh));
    frame.replaceChildren(svg);
    root.lang = model.get("language");
    const list = picks();
    panel.hidden = items().length === 0;
    if (list) {
      list.setAttribute("tabindex", "0");
      list.setAttribute(SUPPRESS, "true");
      list.addEventListener("keydown", onKey, { signal });
      if (focused) list.focus({ preventScroll: true });
    }
    onDraw(hands);
    mark();
  }

  function mark() {
    const key = chosen();
    for (const item of items()) {
      const is = item.dataset.pick === key;
      item.setAttribute("aria-selected", String(is));
      item.classList.toggle("selected", is);
      if (is) picks().setAttribute("aria-activedescendant", item.id);
    }
    if (!key) picks()?.removeAttribute("aria-activedescendant");
    describe(behind.find((detail) => detail.key === key));
    onMark(hands);
  }

  function describe(detail) {
    const copying = panel.contains(document.activeElement);
    if (!detail) {
      panel.replaceChildren(make("p", { class: "pydock-hint", text: word("hint") }));
      return;
    }
    const parts = [make("p", { class: "pydock-title", text: detail.title })];
    if (detail.facts.length) parts.push(facts(detail.facts));
    if (detail.files.length) parts.push(files(detail));
    for (const [heading, words] of detail.texts) parts.push(folded(heading, words, detail.unfolded));
    if (detail.command) parts.push(command(detail.command));
    panel.replaceChildren(...parts);
    if (copying) panel.querySelector("button")?.focus({ preventScroll: true });
  }

  function facts(pairs) {
    const list = make("dl", { class: "pydock-facts" });
    for (const [label, value] of pairs) list.append(make("dt", { text: label }), make("dd", { text: value }));
    return list;
  }

  function files(detail) {
    // A list that scrolls must be reachable with the keyboard.
    const list = make("ul", { class: "pydock-files", tabindex: "0", "aria-label": word("files"), [SUPPRESS]: "true" });
    for (const file of detail.files) {
      const path = make("span", { class: "pydock-path", text: `${file.sign} ${file.path}` });
      list.append(make("li", { class: `pydock-${file.kind}` }, path, make("span", { text: file.size })));
    }
    if (detail.more) list.append(make("li", { text: detail.more }));
    return list;
  }

  function folded(heading, words, unfolded) {
    const text = make("pre", { class: "pydock-text", text: words, tabindex: "0", "aria-label": heading, [SUPPRESS]: "true" });
    const open = unfolded ? { open: "" } : {};
    return make("details", { class: "pydock-folded", ...open }, make("summary", { text: heading, [SUPPRESS]: "true" }), text);
  }

  function command(text) {
    const code = make("code", { text });
    const button = make("button", { type: "button", text: word("copy"), [SUPPRESS]: "true" });
    button.addEventListener("click", () => copy(text, code), { signal });
    return make("p", { class: "pydock-command" }, code, button);
  }

  async function copy(text, code) {
    try {
      await navigator.clipboard.writeText(text);
      say(word("copied", { command: text }));
    } catch { // no clipboard without https or permission: select it, so that Ctrl+C does
      getSelection().selectAllChildren(code);
      say(word("copy-by-hand"));
    }
  }

  function choose(key) {
    model.set("selected", key);
    model.save_changes();
    const item = items().find((each) => each.dataset.pick === key);
    say(item ? item.getAttribute("aria-label") : word("none"));
    item?.scrollIntoView?.({ block: "nearest" });
  }

  // What does something (data-acts) does it in the kernel.
  function act(item, how) {
    const does = item.dataset.acts && ["click", "Enter", " "].includes(how);
    if (does) model.send({ type: "act", key: item.dataset.pick });
    return does;
  }

  // A picture that is drawn anew while the button is down gets no click: what was pressed is gone. Pressing and letting
  // go are seen here, around the picture, and a part is known by its key. A click alone comes from no pointer.
  let pressed;
  let answered = false;
  const under = (event) => event.target.closest(".pick");

  function onPress(event) { pressed = event.button === 0 ? under(event)?.dataset.pick : undefined; }

  function onRelease(event) {
    const item = under(event);
    if (!item || item.dataset.pick !== pressed) return;
    answered = true;
    setTimeout(() => { answered = false; }); // the click, if there is one, comes before
    pick(item);
  }

  function onClick(event) {
    if (under(event) && !answered) pick(under(event));
  }

  function pick(item) {
    const again = item.dataset.pick === chosen();
    picks().focus({ preventScroll: true });
    choose(item.dataset.pick);
    act(item, "click") || onActivate(item, again ? "again" : "click");
  }

  function onKey(event) {
    if (event.ctrlKey || event.altKey || event.metaKey) return;
    const current = items().find((item) => item.dataset.pick === chosen());
    if (current && (act(current, event.key) || onActivate(current, event.key))) {
      event.preventDefault();
      event.stopPropagation();
      return;
    }
    const keys = items().map((item) => item.dataset.pick);
    const at = keys.indexOf(model.get("selected"));
    const next = {
      ArrowDown: Math.min(at + 1, keys.length - 1), ArrowRight: Math.min(at + 1, keys.length - 1),
      ArrowUp: at < 0 ? keys.length - 1 : Math.max(at - 1, 0), ArrowLeft: at < 0 ? keys.length - 1 : Math.max(at - 1, 0),
      Home: 0, End: keys.length - 1, Escape: -1,
    }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation(); // or the notebook goes to the next cell
    choose(keys[next] ?? "");
  }

  function fit() {
    const room = root.clientWidth;
    if (!room) return; // not on the page yet, or hidden
    root.classList.toggle("pydock-wide", room >= WIDE);
    const width = Math.floor((room >= WIDE ? room - PANEL_WIDTH - 16 : room) / 20) * 20;
    if (Math.abs(width - model.get("width")) < 20) return;
    model.set("width", width);
    model.save_changes();
  }

  frame.addEventListener("pointerdown", onPress, { signal });
  frame.addEventListener("pointerup", onRelease, { signal });
  frame.addEventListener("click", onClick, { signal });
  let waiting;
  const observer = new ResizeObserver(() => { clearTimeout(waiting); waiting = setTimeout(fit, 120); });
  observer.observe(root);
  const here = () => model.send({ type: "here" });
  const heartbeat = model.get("live") ? setInterval(here, HEARTBEAT) : undefined;
  if (model.get("live")) here();

  const hear = () => say(model.get("said"));
  model.on("change:drawn change:behind", receive);
  model.on("change:selected", mark);
  model.on("change:said", hear);
  if (tools) root.prepend(tools(hands));
  receive();
  return () => {
    observer.disconnect();
    clearTimeout(waiting);
    clearInterval(heartbeat);
    if (heartbeat) model.send({ type: "gone" });
    model.off("change:drawn change:behind", receive);
    model.off("change:selected", mark);
    model.off("change:said", hear);
  };
}
