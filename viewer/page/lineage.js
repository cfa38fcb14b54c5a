/*
 * Where the sizes came from, drawn as boxes (operations) and labelled edges (tensors), oldest on top, the failure below.
 * Chains that begin with the same operations share them; then they part. HTML boxes rather than a drawing: they wrap on a
 * phone, are read in order by a screen reader, take the keyboard's focus, and print.
 */
function lineage() {
	const chains = ((failure && failure.lineage) || []).filter((chain) => (chain.steps || []).length)
		.map((chain) => ({ operand: chain.operand, steps: [...chain.steps].reverse() }));
	if (!chains.length)
		return;
	const node = section("lineage", t("lineage"));
	let shared = 0;
	while (chains.length > 1 && chains.every((chain) => shared < chain.steps.length - 1 && chain.steps[shared].event === chains[0].steps[shared].event))
		shared++;
	if (failure.origin && failure.origin.text)
		add(node, el("p", null, failure.origin.text));
	if (failure.parting)
		add(node, el("p", null, failure.parting));
	if (shared) {
		add(node, el("div", { class: "lineage trunk" }, chain(chains[0].steps.slice(0, shared), null)));
		add(node, el("p", { class: "part" }, t("parts")));
	}
	add(node, el("div", { class: "lineage" }, chains.map((one) => chain(one.steps.slice(shared), one.operand))));
	add(node, el("div", { class: "lineage end" }, el("div", { class: "box failed", tabindex: "0" },
		el("code", null, failure.operation || (failure.exception && failure.exception.type) || failure.kind),
		el("span", { class: "place" }, failure.where ? place(failure.where.file, failure.where.line) : null),
		failure.mismatch && failure.mismatch.text ? el("span", { class: "how" }, failure.mismatch.text) : null)));
}

/* A long run of operations that keep the size is folded. */
const foldLeast = 4;

function chain(steps, operand) {
	const items = [];
	for (let i = 0; i < steps.length;) {
		let end = i;
		while (end < steps.length - 1 && !steps[end].decider && !steps[end].how && steps[end].size !== null && steps[end].size === steps[i].size)
			end++;
		if (i > 0 && end - i >= foldLeast) {
			items.push(el("li", null, el("details", { class: "fold" }, el("summary", null, t("folded").replace("{n}", end - i)),
				el("ol", { class: "chain" }, steps.slice(i, end).map((step) => stepItem(step, null, false)))), edge(steps[end - 1], null)));
			i = end;
			continue;
		}
		items.push(stepItem(steps[i], i === steps.length - 1 ? operand : null, i < steps.length - 1 || operand !== null));
		i++;
	}
	return el("ol", { class: "chain", "aria-label": operand }, items);
}

function stepItem(step, operand, withEdge) {
	const way = step.dim !== null && step.size !== null;
	return el("li", null,
		el("div", { class: "box" + (way ? " way" : "") + (step.decider ? " decider" : ""), tabindex: "0" },
			el("code", null, short(step.operation)),
			el("span", { class: "place" }, place(step.file, step.line)),
			step.how ? el("span", { class: "how" }, (step.possible ? t("possible") + ": " : "") + step.how) : null,
			step.decider ? el("span", { class: "how" }, el("b", null, t("decided"))) : null,
			el("span", { class: "more" }, step.source ? [el("span", { class: "mono" }, step.source), el("br")] : null,
				step.file ? step.file + ":" + step.line : "", step.function ? " " + t("in") + " " + step.function : "",
				", " + t("event") + " " + step.event)),
		withEdge ? edge(step, operand) : null);
}

/* What leaves STEP. */
function edge(step, operand) {
	const way = step.dim !== null && step.size !== null;
	return el("div", { class: "edge" + (way ? " way" : "") },
		el("span", null, operand ? [el("span", { class: "mono" }, operand), " "] : null,
			step.shape ? shape(step.shape, way ? [step.dim] : [], "b") : step.size !== null ? el("b", null, step.size) : null,
			step.dtype && step.dtype !== "float32" ? " " + step.dtype : null));
}
