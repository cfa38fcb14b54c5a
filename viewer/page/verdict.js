/* What failed, as the text report says it: place, exception, operands, cause, evidence, fix. */
function verdict() {
	const main = document.getElementById("main");
	const chips = el("p", { id: "chips" });
	const trace = report.trace || {};

	if (!failure) {
		const bad = trace.exit_status > 0 || trace.signal > 0;
		add(chips, el("span", { class: bad ? "chip bad" : "chip good" }, bad ? t("ended_badly") : t("healthy")));
		main.append(chips);
		return;
	}
	const process = failure.process || {};
	for (const chip of [failure.kind, failure.phase, failure.step !== null && t("step") + " " + failure.step,
		process.rank !== null && process.rank !== undefined ? t("rank") + " " + process.rank : process.role + " " + process.pid,
		failure.event !== null && t("event") + " " + failure.event, trace.torch && "torch " + trace.torch])
		if (chip)
			add(chips, el("span", { class: chip === failure.kind ? "chip bad" : "chip" }, chip));
	main.append(chips, copyBar());
	verdictWhere(main);
	verdictOperands(main);
	verdictCauses(main);
}

function copyBar() {
	const done = el("span", { role: "status" });
	const button = el("button", { type: "button", id: "copy" }, t("copy"));
	button.addEventListener("click", async () => {
		const text = document.getElementById("text").textContent;
		/* a fence longer than any within */
		const fence = "`".repeat(Math.max(3, ...(text.match(/`+/g) || []).map((run) => run.length + 1)));
		const markdown = "**" + safe(failure.headline).replace(/[\\`*_[\]<>@#]/g, "\\$&") + "**\n\n" + fence + "text\n" + text + fence + "\n";
		done.textContent = await copyText(markdown) ? t("copied") : t("not_copied");
	});
	return el("div", { class: "bar no-print" }, button, done);
}

async function copyText(text) {
	try {
		await navigator.clipboard.writeText(text);
		return true;
	} catch (refused) {
		const area = el("textarea", { readonly: "" });
		area.value = text;
		document.body.append(area);
		area.select();
		const copied = document.execCommand("copy");
		area.remove();
		return copied;
	}
}

function verdictWhere(main) {
	const where = failure.where, exception = failure.exception;
	if (failure.operation)
		add(main, el("p", null, el("b", null, t("operation") + " "), el("code", null, failure.operation),
			failure.nested && failure.nested !== failure.operation ? [" (", el("code", null, failure.nested), ")"] : null));
	if (where) {
		add(main, el("p", { id: "where" }, el("b", null, t("at") + " "), el("code", null, where.file + ":" + where.line),
			where.function ? [" " + t("in") + " ", el("code", null, where.function)] : null,
			where.module ? [", " + t("module") + " ", el("code", null, where.module)] : null));
		if (where.source)
			add(main, el("pre", { class: "source" }, where.source));
	}
	if (exception)
		add(main, el("p", { id: "exception" }, el("b", null, exception.type + ": "), exception.message));
	for (const outer of (failure.wrapped_by || []).slice(0, 2))
		verdictOuter(main, "raised_on", outer);
	if (failure.led_to)
		verdictOuter(main, "led_to", failure.led_to);
	if (failure.sample)
		verdictSample(main, failure.sample);
}

/* What an exception was raised on as, or led to. */
function verdictOuter(main, id, outer) {
	add(main, el("p", { class: id }, t(id) + " ", el("b", null, outer.type + ": "), outer.message));
}

/* Which batch it was, and of which samples. */
function verdictSample(main, sample) {
	const parts = [sample.epoch !== null ? "epoch " + sample.epoch : null, sample.batch !== null ? t("batch") + " " + sample.batch : null,
		sample.indices ? t("indices") + " " + sample.indices.slice(0, 12).join(", ") + (sample.indices.length > 12 ? ", ..." : "") : null,
		sample.within_batch !== null ? t("within_batch").replace("{n}", sample.within_batch) : null, sample.source];
	add(main, el("p", { id: "sample" }, el("b", null, t("sample") + ": "), parts.filter((part) => part !== null).join(", ")));
}

function verdictOperands(main) {
	const operands = (failure.operands || []).filter((o) => o.kind === "tensor" || o.marked);
	if (!operands.length)
		return;
	const rows = operands.map((o) => {
		const cells = [o.variable, o.name, o.shape ? shape(o.shape, o.marked_dims || []) : o.value === null ? null : JSON.stringify(o.value),
			o.dtype, o.device, o.origin ? [place(o.origin.where) + " " + short(o.origin.operation)] : null];
		const names = [t("variable"), t("operand"), t("shape"), "dtype", t("device"), t("made_at")];
		return el("tr", { class: o.marked ? "marked" : null },
			cells.map((cell, i) => el("td", { class: "mono", "data-name": names[i], title: i === 5 && o.origin ? o.origin.where : null }, cell)));
	});
	add(main, el("div", { id: "operands" },
		table([t("variable"), t("operand"), t("shape"), "dtype", t("device"), t("made_at")], rows, { class: "stack", label: t("operand") })));
	if (failure.mismatch && failure.mismatch.text)
		add(main, el("p", { id: "mismatch" }, el("b", { class: "bad" }, t("mismatch") + ": "), failure.mismatch.text));
}

function verdictCauses(main) {
	for (const cause of failure.causes || [])
		add(main, el("div", { class: "cause" },
			el("p", null, el("b", null, t("why") + " "), el("span", { class: "chip" }, t(cause.confidence)), cause.text),
			el("ul", null, (cause.evidence || []).map((e) => el("li", null, e.text,
				e.event !== null ? [" ", eventLink(e.event)] : null))),
			cause.fix ? el("p", { class: "fix" }, t("fix") + ": ", cause.fix) : null,
			cause.setting && cause.setting.file ? el("p", { class: "faint" }, cause.setting.name + " = " + cause.setting.value + ", ",
				el("code", null, cause.setting.file + ":" + cause.setting.line)) : null));
	if (failure.history && failure.history.text)
		add(main, el("p", { id: "before" }, el("b", null, t("before") + ": "), failure.history.text));
}

/* A number that shows its operation in the log. */
function eventLink(event) {
	const link = el("button", { type: "button", class: "no-print" }, t("event") + " " + event);
	link.addEventListener("click", () => showEvent(event));
	return link;
}
