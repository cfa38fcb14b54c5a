/* Processes; and for several ranks a grid: the last operation of each in each of the newest steps. */
function ranks() {
	const processes = report.processes || [];
	const node = section("processes", t("processes"));
	const about = report.ranks || {};

	if (about.text)
		add(node, el("p", { id: "others" }, about.text));
	divergence(node, about.first_divergence);
	grid(node, processes);
	add(node, table([t("role"), t("rank"), "pid", t("host"), t("state"), t("steps"), t("operations"), t("missing")],
		processes.slice(0, 256).map((p) => el("tr", { class: p.status !== "ok" && p.status !== "running" ? "marked" : null },
			[p.role, p.rank, p.pid, p.host, t(p.status) + (p.signal ? " (" + t("signal") + " " + p.signal + ")" : p.exit_code ? " (" + p.exit_code + ")" : ""),
				p.steps, p.events, (p.degraded || []).map((d) => d.text).join("; ") || null].map((cell) => el("td", null, cell)))),
		{ label: t("processes") }));
}

function grid(node, processes) {
	const list = processes.filter((p) => p.role === "rank").slice(0, 128);
	if (list.length < 2 || !data.log)
		return;
	const log = data.log, last = new Map(), steps = new Set();
	const stopped = (i) => log.strings[log.status[i]] !== "ok";
	for (let i = 0; i < log.count; i++) {
		const key = log.process[i] + " " + log.step[i];
		/* what was recorded inside of one that failed comes after it */
		if (!last.has(key) || !stopped(last.get(key)))
			last.set(key, i);
		steps.add(log.step[i]);
	}
	const shown = [...steps].sort((a, b) => a - b).slice(-8);
	const name = (row) => short(log.strings[log.operation[row]]) + " " + log.strings[log.at[row]].replace(/ .*/, "");
	const newest = (p) => [...shown].reverse().map((step) => last.get(processes.indexOf(p) + " " + step)).find((row) => row !== undefined);
	/* who ends at the same operation of the same line is one group; the largest stays plain */
	const groups = new Map();
	for (const p of list)
		if (newest(p) !== undefined)
			groups.set(name(newest(p)), (groups.get(name(newest(p))) || 0) + 1);
	const order = [...groups].sort((a, b) => b[1] - a[1]).map((group) => group[0]);
	const failed = failure && failure.process ? failure.process.rank : null;
	const rows = list.map((p) => el("tr", null, el("th", { scope: "row", class: p.rank === failed ? "bad" : null }, t("rank") + " " + p.rank, p.rank === failed ? " ✕" : ""),
		shown.map((step) => {
			const row = last.get(processes.indexOf(p) + " " + step);
			const end = row !== undefined && row === newest(p);
			return el("td", { class: end ? (p.rank === failed ? "group2" : order.indexOf(name(row)) > 0 ? "group1" : null) : null }, row === undefined ? "" : name(row));
		})));
	add(node, el("p", null, t("grid")), table([""].concat(shown.map((step) => t("step") + " " + step)), rows, { class: "grid", label: t("grid") }));
}

function divergence(node, first) {
	if (!first || typeof first !== "object")
		return;
	if (first.text)
		add(node, el("p", { id: "divergence" }, el("b", null, t("divergence") + ": "), first.text));
	const sides = [["a", first.a], ["b", first.b]].filter(([, side]) => side && typeof side === "object");
	if (!sides.length)
		return;
	add(node, el("div", { class: "sides" }, sides.map(([, side]) => el("div", { class: "cause" },
		el("h3", null, side.rank !== null && side.rank !== undefined ? t("rank") + " " + side.rank : ""),
		el("p", null, el("code", null, side.operation || ""), " ", side.where ? place(side.where.file, side.where.line) : ""),
		el("ul", null, (side.operands || []).filter((o) => o.shape).map((o) => el("li", { class: "mono" }, o.name + " [" + o.shape.join(", ") + "] " + (o.dtype || ""))))))));
}
