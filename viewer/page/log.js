/*
 * The newest operations. A row exists in the document only while it is in sight. Texts are kept once each in
 * data.log.strings, rows refer to them: a filter is tried on each text once, then on numbers only.
 */
const log = data.log;
const logRow = 26; /* pixels; measured when shown */
let logShown = null; /* indices of the rows that match */
let logBox, logSpace, logHeight = logRow, logCount;

function logSection() {
	if (!log || !log.count)
		return;
	const node = section("log", t("log"));
	const several = new Set(log.process).size > 1;
	const filter = el("input", { type: "search", id: "filter", placeholder: t("filter"), "aria-label": t("filter"), autocomplete: "off", spellcheck: "false" });
	const process = el("select", { id: "process", "aria-label": t("processes") }, el("option", { value: "" }, t("all_processes")),
		[...new Set(log.process)].map((index) => el("option", { value: index }, processName(index))));
	logCount = el("span", { role: "status", class: "faint", id: "count" });
	logBox = el("div", { class: "log mono", tabindex: "0", role: "table", "aria-label": t("log"), "aria-colcount": "9" });
	logSpace = el("div", { class: "space", role: "rowgroup" });
	logBox.append(row("head", [several ? t("rank") : "", t("event"), t("step"), t("phase"), t("operation"), t("operands"), t("outputs"), t("at"), "ms"], "columnheader"), logSpace);
	add(node, log.left_out ? el("p", { class: "faint" }, t("left_out").replace("{n}", log.left_out)) : null,
		el("div", { class: "bar" }, filter, several ? process : null, logCount), logBox);
	const apply = () => logFilter(filter.value, process.value);
	filter.addEventListener("input", apply);
	process.addEventListener("change", apply);
	logBox.addEventListener("scroll", () => requestAnimationFrame(logDraw), { passive: true });
	new ResizeObserver(() => requestAnimationFrame(logDraw)).observe(logBox);
	const sample = row("", ["x"], "cell");
	logSpace.append(sample);
	logHeight = sample.getBoundingClientRect().height || logRow;
	sample.remove();
	apply();
	logBox.scrollTop = logBox.scrollHeight;
}

function processName(index) {
	const p = report.processes[index] || {};
	return p.role === "rank" ? t("rank") + " " + p.rank : p.role + " " + p.pid;
}

function row(kind, cells, role) {
	return el("div", { class: "row " + kind, role: "row" }, cells.map((cell, i) => el("span", { role, class: [1, 2, 8].includes(i) ? "number" : null, title: cell }, cell)));
}

/* Words, all of which must be in one of the row's texts; "step:3", "failed" and event numbers work as well. */
function logFilter(text, process) {
	const lower = logFilter.lower || (logFilter.lower = log.strings.map((s) => s.toLowerCase()));
	const columns = logFilter.columns || (logFilter.columns = ["operation", "operands", "outputs", "at", "phase", "status"].map((name) => Int32Array.from(log[name])));
	const match = new Uint8Array(log.count).fill(1);
	for (const word of text.toLowerCase().split(/\s+/).filter(Boolean)) {
		const hit = Uint8Array.from(lower, (s) => s.includes(word));
		const found = new Uint8Array(log.count);
		for (const column of columns)
			for (let i = 0; i < found.length; i++)
				found[i] |= hit[column[i]];
		const numbers = /^\d+$/.test(word) ? log.event : /^step:\d+$/.test(word) ? log.step : [];
		const number = Number(word.replace("step:", ""));
		for (let i = 0; i < found.length; i++)
			match[i] &= found[i] | (numbers[i] === number);
	}
	logShown = [];
	for (let i = 0; i < match.length; i++)
		if (match[i] && (process === "" || log.process[i] === Number(process)))
			logShown.push(i);
	logSpace.style.height = logShown.length * logHeight + "px";
	logBox.style.height = "min(" + (log.count + 2) * logHeight + "px, 28rem)";
	logBox.setAttribute("aria-rowcount", logShown.length + 1);
	logCount.textContent = logShown.length.toLocaleString() + " / " + log.count.toLocaleString();
	logDraw();
}

function logDraw() {
	const first = Math.max(0, Math.floor(logBox.scrollTop / logHeight) - 4);
	const last = Math.min(logShown.length, first + Math.ceil(logBox.clientHeight / logHeight) + 8);
	const rows = [];
	for (let at = first; at < last; at++) {
		const i = logShown[at], text = (column) => log.strings[log[column][i]];
		const status = text("status");
		const node = row((status === "ok" ? "" : "failed ") + (at % 2 ? "odd" : ""),
			[report.processes.length > 1 ? processName(log.process[i]) : "", log.event[i], log.step[i], text("phase"), text("operation") + (status === "ok" ? "" : " (" + status + ")"),
				text("operands"), text("outputs"), text("at"), log.ms[i] === null ? "" : log.ms[i]], "cell");
		node.setAttribute("aria-rowindex", at + 2);
		node.style.top = at * logHeight + "px";
		rows.push(node);
	}
	logSpace.replaceChildren(...rows);
}

/* Scroll the log to EVENT of the failed process. */
function showEvent(event) {
	const failed = failure && failure.process ? report.processes.findIndex((p) => p.file === failure.process.file) : -1;
	if (!log)
		return;
	document.getElementById("filter").value = "";
	document.getElementById("process") && (document.getElementById("process").value = "");
	logFilter("", "");
	const at = logShown.findIndex((i) => log.event[i] === event && (failed < 0 || log.process[i] === failed));
	if (at >= 0) {
		logBox.scrollTop = Math.max(0, at * logHeight - logBox.clientHeight / 2);
		logBox.scrollIntoView({ block: "center" });
		logBox.focus();
	}
}
