/* What the tensors of a device held when each step ended, by the line that made them, and the request that failed. */
function memory() {
	const own = data.memory, held = own && own.over_time;
	if (!held || !held.length || held[0].points.length < 2)
		return;
	const device = held[0].device, lines = held.filter((holder) => holder.device === device);
	const all = (own.steps || []).filter((step) => step.end_allocated !== null).map((step) => [step.step, step.end_allocated]);
	const refused = failure && failure.memory && failure.memory.device === device ? failure.memory : null;
	const node = section("memory", t("memory").replace("{device}", device));
	const newest = (points) => told(points.length ? points[points.length - 1][1] : 0);
	const series = [{ name: t("memory_all"), points: all, class: "line" }].concat(lines.map((holder, i) => ({
		name: (holder.operation || "?") + " " + (holder.where || ""), points: holder.points, class: "held held" + i })));
	const points = series.flatMap((one) => one.points);
	const first = Math.min(...points.map((p) => p[0])), last = Math.max(...points.map((p) => p[0]), refused ? refused.step : 0);
	const most = Math.max(...points.map((p) => p[1]), refused ? refused.allocated + refused.asked : 0), high = most * 1.08;
	const width = Math.max(320, Math.min(900, node.clientWidth)), height = 260, left = 76, right = 24, top = 20, bottom = 40;
	const x = (step) => left + (width - left - right) * (last > first ? (step - first) / (last - first) : 1);
	const y = (bytes) => top + (height - top - bottom) * (1 - bytes / high);
	const plot = svg("svg", { class: "plot", viewBox: "0 0 " + width + " " + height, role: "img",
		"aria-label": series.map((one) => one.name + ": " + newest(one.points)).join("; ") });

	for (const bytes of [0, 1, 2, 3, 4].map((part) => most * part / 4))
		add(plot, svg("line", { class: "axis", x1: left, x2: width - right, y1: y(bytes), y2: y(bytes) }),
			svg("text", { class: "faint", x: left - 8, y: y(bytes) + 4, "text-anchor": "end" }, told(bytes)));
	for (const step of ticks(first, last))
		add(plot, svg("text", { class: "faint", x: x(step), y: height - bottom + 20, "text-anchor": "middle" }, step));
	add(plot, svg("text", { class: "faint", x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, t("step")));
	for (const one of series)
		add(plot, svg("polyline", { class: one.class, points: one.points.map((p) => x(p[0]) + "," + y(p[1])).join(" ") }));
	if (refused) {
		const text = t("asked").replace("{bytes}", told(refused.asked));
		add(plot, svg("circle", { class: "now", cx: x(refused.step), cy: y(refused.allocated + refused.asked), r: 7 }),
			svg("text", { class: "now-name", x: x(refused.step) - 12, y: y(refused.allocated + refused.asked) - 6, "text-anchor": "end" }, text));
	}
	add(node, plot, table(["", t("operation"), t("size")], series.map((one) => el("tr", null,
		el("td", null, svg("svg", { class: "swatch", viewBox: "0 0 24 8", "aria-hidden": "true" }, svg("polyline", { class: one.class, points: "0,4 24,4" }))),
		el("td", { class: "mono" }, one.name), el("td", { class: "mono" }, newest(one.points)))),
		{ label: t("memory").replace("{device}", device) }));
}

/* "79.7 MB" */
function told(bytes) {
	const units = ["B", "kB", "MB", "GB", "TB"];
	let unit = 0;
	for (; bytes >= 1000 && unit < units.length - 1; unit++)
		bytes /= 1000;
	return (unit && bytes < 100 ? bytes.toFixed(1) : Math.round(bytes)) + " " + units[unit];
}
