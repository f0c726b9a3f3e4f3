// What all scripts of the page share; put before each of them, so that there is no build step.

const SUPPRESS = "data-lm-suppress-shortcuts"; // JupyterLab: on the focused element itself, or "dd" deletes the cell

function make(tag, properties = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(properties)) {
    if (name === "text") node.textContent = value;
    else node.setAttribute(name, value);
  }
  node.append(...children);
  return node;
}
