/* The size of the dimension in question at the failing line, call after call, with the limit and the other ranks. */
function history() {
	const series = failure && failure.history && failure.history.series;
	if (!series || !series.ranks.length || series.ranks[0].points.length < 2)
		return;
	const node = section("history", t("history"));
	const own = series.ranks.find((rank) => rank.failed) || series.ranks[0];
	const cap = (failure.causes || []).map((cause) => cause.setting).find((s) => s && typeof s.value === "number" && s.value > 0 && s.value <= series.size * 4);
	const sizes = series.ranks.flatMap((rank) => rank.points.map((point) => point[1])).concat(cap ? [cap.value] : []);
	const longest = Math.max(...series.ranks.map((rank) => rank.points.length));
	let low = Math.min(...sizes), high = Math.max(...sizes);
	const room = Math.max(1, (high - low) * .12);
	low = Math.max(0, low - room);
	high += room;
	const width = Math.max(320, Math.min(900, node.clientWidth)), height = 260, left = 56, right = 24, top = 20, bottom = 40;
	/* calls are counted back from the newest, so that ranks lie one behind the other */
	const x = (index, count) => left + (width - left - right) * (longest < 2 ? 1 : (longest - count + index) / (longest - 1));
	const y = (size) => top + (height - top - bottom) * (high - size) / (high - low || 1);
	const plot = svg("svg", { class: "plot", viewBox: "0 0 " + width + " " + height, role: "img", "aria-label": summary(series, own, cap) });

	for (const size of ticks(low, high))
		add(plot, svg("line", { class: "axis", x1: left, x2: width - right, y1: y(size), y2: y(size) }),
			svg("text", { class: "faint", x: left - 8, y: y(size) + 4, "text-anchor": "end" }, size));
	for (const index of ticks(0, own.points.length - 1))
		add(plot, svg("text", { class: "faint", x: x(index, own.points.length), y: height - bottom + 20, "text-anchor": "middle" },
			own.points[index][0]));
	add(plot, svg("text", { class: "faint", x: (left + width - right) / 2, y: height - 4, "text-anchor": "middle" }, t("step")));
	if (cap)
		add(plot, svg("line", { class: "cap", x1: left, x2: width - right, y1: y(cap.value), y2: y(cap.value) }),
			svg("text", { class: "cap-name", x: left + 6, y: y(cap.value) - 6 }, cap.name + " = " + cap.value));
	for (const rank of [...series.ranks].sort((a, b) => a.failed - b.failed)) {
		const at = rank.points.map((point, i) => [x(i, rank.points.length), y(point[1])]);
		add(plot, svg("polyline", { class: rank.failed ? "line" : "other", points: at.map((p) => p.join(",")).join(" ") }));
		if (at.length <= 100)
			for (const [cx, cy] of at)
				add(plot, svg("circle", { class: rank.failed ? "dot" : "other-dot", cx, cy, r: 3.5 }));
	}
	const now = own.points[own.points.length - 1];
	const nowX = x(own.points.length - 1, own.points.length);
	add(plot, svg("circle", { class: "now", cx: nowX, cy: y(now[1]), r: 7 }),
		svg("text", { class: "now-name", x: nowX - 12, y: y(now[1]) + (cap && Math.abs(y(cap.value) - y(now[1])) < 16 ? 20 : -10), "text-anchor": "end" }, now[1]));
	add(node, el("p", null, el("code", null, series.operand + ".shape[" + series.dim + "]"), " ", t("history_of"),
		series.ranks.length > 1 ? " " + t("others_behind") : ""), plot,
		el("details", null, el("summary", null, t("numbers")), table([t("rank"), t("step") + ": " + t("size")],
			series.ranks.map((rank) => el("tr", null, el("td", null, rank.rank),
				el("td", { class: "mono" }, rank.points.slice(-40).map((p) => p[0] + ": " + p[1]).join(", ")))), { label: t("numbers") })));
}

function summary(series, own, cap) {
	return series.operand + ".shape[" + series.dim + "]: " + own.points.slice(-12).map((p) => p[1]).join(", ") +
		(cap ? "; " + cap.name + " = " + cap.value : "");
}

/* At most six whole numbers between LOW and HIGH. */
function ticks(low, high) {
	let step = 1;
	for (let i = 0; (high - low) / step > 5; i++)
		step *= i % 3 === 1 ? 2.5 : 2;
	const out = [];
	for (let value = Math.ceil(low / step) * step; value <= high; value += step)
		out.push(Math.round(value));
	return [...new Set(out)];
}
