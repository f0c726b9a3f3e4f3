// A saved picture without its kernel can still be chosen from and stepped through: the scripts are the widget's own, on
// a model that answers from what was saved. What was saved may come from a stranger: of its SVG only what is on these
// lists gets onto the page, and all of its words are put there as text.

const MIME = "application/vnd.pydock-lab.picture+json";
const SCRIPTS = new Set(["plain.js", "trace.js"]);
const ELEMENTS = new Set(["svg", "g", "rect", "path", "text", "tspan", "circle", "polygon", "line"]);
const ATTRIBUTES = new Set([
  "xmlns", "viewBox", "x", "y", "x1", "y1", "x2", "y2", "dx", "cx", "cy", "r", "rx", "d", "points", "width", "height",
  "class", "id", "role", "fill", "display", "pointer-events", "stroke-width", "stroke-dasharray",
  "aria-label", "aria-selected", "aria-level", "aria-expanded", "data-pick", "data-state", "data-digest", "data-acts",
  "data-fresh",
]);
const CLASS = /^(?:[a-z0-9-]+ ?)*$/;
const HERE = new URL("pictures/", import.meta.url);
const modules = new Map();

const read = async (name) => {
  const answer = await fetch(new URL(name, HERE));
  if (!answer.ok) throw new Error(`${name}: ${answer.status}`);
  return answer.text();
};

// The widget's scripts have no imports: they are put one after the other, as Python does for the widget.
async function load(script) {
  const texts = await Promise.all(["make.js", "picture.js", script].map(read));
  const url = URL.createObjectURL(new Blob([texts.join("\n")], { type: "text/javascript" }));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

async function style() {
  if (document.getElementById("pydock-saved")) return;
  const sheet = document.createElement("style");
  sheet.id = "pydock-saved";
  document.head.append(sheet);
  sheet.textContent = (await Promise.all(["palette.css", "picture.css"].map(read))).join("\n");
}

const piped = (bytes, through) => new Response(new Blob([bytes]).stream().pipeThrough(through));

function harmless(node) {
  for (const child of [...node.children]) {
    if (!ELEMENTS.has(child.localName)) child.remove();
    else harmless(child);
  }
  for (const { name, value } of [...node.attributes]) {
    const allowed = ATTRIBUTES.has(name) && !/url\(/i.test(value) && (name !== "class" || CLASS.test(value));
    if (!allowed) node.removeAttribute(name);
  }
}

const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));

async function checked(drawn) {
  const svg = await piped(bytes(drawn), new DecompressionStream("deflate")).json();
  const parsed = new DOMParser().parseFromString(svg, "image/svg+xml");
  if (parsed.documentElement.localName !== "svg") throw new Error("not a picture");
  harmless(parsed.documentElement);
  const clean = new XMLSerializer().serializeToString(parsed);
  return piped(JSON.stringify(clean), new CompressionStream("deflate")).arrayBuffer();
}

function model(state) {
  const heard = new Map();
  const changed = new Set();
  return {
    get: (name) => state[name],
    set: (name, value) => { state[name] = value; changed.add(name); },
    save_changes: () => {
      for (const name of changed) heard.get(`change:${name}`)?.forEach((call) => call());
      changed.clear();
    },
    on: (names, call) => { for (const name of names.split(" ")) heard.set(name, [...(heard.get(name) ?? []), call]); },
    off: () => heard.clear(),
    send: () => {},
  };
}

// Puts the picture into `el`; fails where the bundle has none, or one that cannot be read.
async function show(data, el) {
  const saved = data[MIME];
  if (!saved || !SCRIPTS.has(saved.script)) throw new Error("no picture was saved");
  if (!modules.has(saved.script)) modules.set(saved.script, load(saved.script));
  const [script, drawn] = await Promise.all([modules.get(saved.script), checked(saved.drawn), style()]);
  const { language, words } = saved;
  const dead = { selected: "", said: "", live: false, explores: false, width: 0 };
  const state = { drawn, behind: bytes(saved.behind), language, words: { [language]: words }, ...dead };
  const inside = document.createElement("div");
  script.render({ model: model(state), el: inside, signal: new AbortController().signal });
  el.replaceChildren(inside);
}

export { MIME, show };
