/* The order of the page. What is built here replaces nothing that the page has without scripts: headline and text report. */
function more() {
	if (!failure)
		return;
	if ((failure.modules || []).length)
		add(document.getElementById("main"), el("details", { id: "modules" }, el("summary", null, t("modules")),
			table([t("module"), "class", t("parameters"), "dtype", t("device"), "requires_grad"], failure.modules.slice(0, 100).map((m) =>
				el("tr", null, [m.module, m.class, m.parameters, m.dtype, m.device, m.requires_grad === null ? null : String(m.requires_grad)]
					.map((cell) => el("td", { class: "mono" }, cell)))), { label: t("modules") })));
	if ((failure.stack || []).length)
		add(document.getElementById("main"), el("details", { id: "stack" }, el("summary", null, t("stack")),
			el("pre", null, failure.stack.map((f) => f.file + ":" + f.line + " " + f.function).join("\n"))));
	if ((failure.native_stack || []).length)
		add(document.getElementById("main"), el("details", { id: "native" }, el("summary", null, t("native")),
			el("pre", null, failure.native_stack.map((f) => (f.function || "?") + "  " + (f.module || "")).join("\n"))));
}

function draw() {
	document.documentElement.lang = language ? "zh" : "en";
	document.getElementById("main").replaceChildren(document.getElementById("headline"));
	document.getElementById("text-title").textContent = t("text");
	document.getElementById("language").textContent = t("language");
	verdict();
	lineage();
	history();
	memory();
	ranks();
	more();
	logSection();
}

document.getElementById("language").hidden = false;
document.getElementById("language").addEventListener("click", () => {
	speak(1 - language);
	draw();
});
document.getElementById("text-box").open = false;
speak(language);
draw();
document.documentElement.dataset.ready = "1";
