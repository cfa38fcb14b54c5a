/* Elements and untrusted text. Every string of a trace enters the document here, as a text node, with control
 * characters and those that turn the direction of writing made visible. */
const data = JSON.parse(document.getElementById("data").textContent);
let report, failure; /* in the language that is shown */

function speak(code) {
	language = code;
	report = data.reports[code];
	failure = report.failure;
	document.getElementById("headline").textContent = data.said[code].headline;
	document.getElementById("text").textContent = data.said[code].text;
}

const hidden = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb]/g;

function safe(value) {
	return String(value).replace(hidden, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0"));
}

/* el("p", {class: "x"}, child, ...): children are nodes, or anything else as text; null and undefined are left out. */
function el(name, attributes, ...children) {
	const node = document.createElement(name);
	for (const [key, value] of Object.entries(attributes || {}))
		if (value !== null && value !== undefined && value !== false)
			node.setAttribute(key, safe(value));
	return add(node, ...children);
}

function add(node, ...children) {
	for (const child of children.flat())
		if (child !== null && child !== undefined)
			node.append(child instanceof Node ? child : document.createTextNode(safe(child)));
	return node;
}

function svg(name, attributes, ...children) {
	const node = document.createElementNS("http://www.w3.org/2000/svg", name);
	for (const [key, value] of Object.entries(attributes || {}))
		node.setAttribute(key, safe(value));
	return add(node, ...children);
}

function section(id, title) {
	const heading = el("h2", { id: id + "-title" }, title);
	const node = el("section", { id, "aria-labelledby": id + "-title" }, heading);
	document.getElementById("main").append(node);
	return node;
}

function table(names, rows, attributes) {
	return el("div", { class: "wide", tabindex: "0", role: "group", "aria-label": attributes && attributes.label },
		el("table", { class: attributes && attributes.class },
			el("thead", null, el("tr", null, names.map((name) => el("th", { scope: "col" }, name)))),
			el("tbody", null, rows)));
}

/* "model.py:45" */
function place(file, line) {
	return file ? file.replace(/.*\//, "") + (line ? ":" + line : "") : null;
}

function short(operation) {
	return String(operation).replace(/^aten::/, "");
}

/* [2, >44<, 32], the dimension in question marked. */
function shape(sizes, marked, tag) {
	const out = el("span", { class: "mono" }, "[");
	sizes.forEach((size, d) => add(out, d ? ", " : null, marked.includes(d) ? el(tag || "mark", null, size) : size));
	return add(out, "]");
}
