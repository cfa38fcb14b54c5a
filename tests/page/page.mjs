/*
 * page.mjs CHROMIUM FOLDER PLAYWRIGHT: opens FOLDER/NAME.html for each FOLDER/NAME.json (the report) in headless Chromium and
 * looks at it as a person would. Pictures of the pages go to FOLDER. Ends with status 1 if a check failed.
 */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { createRequire } from "node:module";

const [chromium_path, folder, playwright] = process.argv.slice(2);
const { chromium } = createRequire(import.meta.url)(playwright);
let passed = 0, failed = 0;

function check(name, good, detail) {
	if (good)
		passed++;
	else {
		failed++;
		console.log("FAILED  " + name + (detail === undefined ? "" : ": " + JSON.stringify(detail)));
	}
}

const one_line = (text) => text.replace(/\s+/g, " ").trim();
const inside = (box, width) => box && box.width >= 40 && box.height >= 14 && box.x >= -1 && box.x + box.width <= width + 1;

async function open(browser, name, options) {
	const context = await browser.newContext({ permissions: ["clipboard-read", "clipboard-write"], ...options });
	const page = await context.newPage();
	const noise = [];
	page.on("console", (message) => noise.push("console: " + message.text()));
	page.on("pageerror", (error) => noise.push("error: " + error.message));
	page.on("request", (request) => request.url() === page.url() || request.isNavigationRequest() || noise.push("request: " + request.url()));
	page.on("dialog", (dialog) => { noise.push("dialog: " + dialog.message()); dialog.dismiss(); });
	const start = Date.now();
	await page.goto("file://" + folder + "/" + name + ".html");
	await page.waitForFunction(() => document.documentElement.dataset.ready === "1");
	return { page, context, noise, milliseconds: Date.now() - start };
}

async function legible(page, name, width) {
	check(name + ": nothing runs out of the window", await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth + 1));
	const small = await page.evaluate(() => [...document.querySelectorAll("main *")].filter((e) => e.childNodes.length && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()) && e.getClientRects().length &&
		parseFloat(getComputedStyle(e).fontSize) < 11).map((e) => e.textContent.slice(0, 30)));
	check(name + ": no text smaller than 11 pixels", !small.length, small.slice(0, 3));
	for (const box of await page.locator(".box:visible").all())
		check(name + ": a box of the lineage is whole", inside(await box.boundingBox(), width), await box.textContent());
	/* colours: text against what is behind it, as WCAG counts contrast */
	const faint = await page.evaluate(() => {
		const parse = (c) => (c.match(/[\d.]+/g) || []).map(Number);
		const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255; return v <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4; }); return .2126 * r + .7152 * g + .0722 * b; };
		const behind = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor); if (c.length === 3 || c[3] > 0) return c.slice(0, 3); } return [255, 255, 255]; };
		return [...document.querySelectorAll("main *")].filter((e) => e.getClientRects().length && !(e instanceof SVGElement) && [...e.childNodes].some((n) => n.nodeType === 3 && n.data.trim()))
			.filter((e) => { const a = light(parse(getComputedStyle(e).color).slice(0, 3)), b = light(behind(e)); return (Math.max(a, b) + .05) / (Math.min(a, b) + .05) < 4.5; })
			.map((e) => e.tagName + " " + e.className + " " + e.textContent.slice(0, 30));
	});
	check(name + ": every text has a contrast of 4.5 at least", !faint.length, faint.slice(0, 3));
	const nameless = await page.evaluate(() => [...document.querySelectorAll("button, input, select, [role=img], [role=table], [role=group]")]
		.filter((e) => e.getClientRects().length && !(e.getAttribute("aria-label") || e.textContent).trim()).map((e) => e.outerHTML.slice(0, 60)));
	check(name + ": every control has a name", !nameless.length, nameless);
}

async function verdict(page, name, report) {
	const failure = report.failure, text = one_line(await page.locator("main").innerText());
	const visible = (string) => one_line(string.replace(/[\u0000-\u001f\u007f-\u009f\u202a-\u202e]/g, (c) => "\\u" + c.charCodeAt(0).toString(16).padStart(4, "0")));
	check(name + ": the headline", (await page.locator("h1").count()) === 1 && one_line(await page.locator("h1").innerText()).length > 10);
	for (const [what, string] of [["message", failure.exception && failure.exception.message], ["place", failure.where && failure.where.file + ":" + failure.where.line],
		["mismatch", failure.mismatch && failure.mismatch.text], ["cause", failure.causes[0] && failure.causes[0].text], ["fix", failure.causes[0] && failure.causes[0].fix],
		["history", failure.history && failure.history.text]])
		if (string)
			check(name + ": " + what + " as in the report", text.includes(visible(string)), string);
	const marks = failure.operands.filter((o) => o.kind === "tensor" && o.marked && o.shape && (o.marked_dims || []).length);
	check(name + ": disagreeing dimensions are marked", (await page.locator("#operands mark").count()) === marks.reduce((n, o) => n + o.marked_dims.length, 0));
}

async function log(page, name) {
	const count = () => page.locator("#count").innerText();
	const total = (await count()).split("/")[1].trim();
	await page.fill("#filter", "failed");
	check(name + ": filter 'failed' leaves less", (await count()).split("/")[0].trim() !== total);
	check(name + ": and only failed ones", await page.evaluate(() => [...document.querySelectorAll(".log .space .row")].every((r) => r.className.includes("failed"))));
	await page.fill("#filter", "no such operation anywhere");
	check(name + ": filter that nothing matches", (await count()).startsWith("0 ") && (await page.locator(".log .space .row").count()) === 0);
	await page.fill("#filter", "");
	check(name + ": filter taken back", (await count()).split("/")[0].trim() === total);
	check(name + ": few rows exist at a time", (await page.locator(".log .space .row").count()) < 80);
}

async function look(browser, name) {
	const report = JSON.parse(readFileSync(folder + "/" + name + ".json", "utf8"));
	for (const [kind, options] of [["wide", { viewport: { width: 1200, height: 900 } }], ["phone", { viewport: { width: 390, height: 844 }, colorScheme: "dark" }]]) {
		const { page, context, noise, milliseconds } = await open(browser, name, options);
		const label = name + " (" + kind + ")";
		if (report.failure)
			await verdict(page, label, report);
		await legible(page, label, options.viewport.width);
		if (kind === "wide") {
			await log(page, label);
			if (report.failure) {
				await page.click("#copy");
				const copied = await page.evaluate(() => navigator.clipboard.readText());
				check(label + ": Markdown is copied", copied.startsWith("**") && copied.includes("```text") && copied.includes("FAILED"), copied.slice(0, 80));
			}
			/* the keyboard reaches the copy button, the boxes and the log */
			const reached = new Set();
			for (let i = 0; i < 80; i++) {
				await page.keyboard.press("Tab");
				reached.add(await page.evaluate(() => document.activeElement.id || document.activeElement.className));
			}
			check(label + ": Tab reaches the filter", reached.has("filter"), [...reached]);
		}
		if (kind === "wide" && name !== "many") {
			await page.click("#language");
			check(label + ": Chinese", (await page.locator("#log-title").innerText()) === "最近的算子");
			await page.click("#language");
		}
		await page.screenshot({ path: folder + "/" + name + "-" + kind + ".png", fullPage: name !== "many" });
		check(label + ": no message, no request", !noise.length, noise);
		check(label + ": no element that the names hold", (await page.locator("main img, main b:has-text('evil'), iframe").count()) === 0);
		console.log("        " + label + ": ready after " + milliseconds + " ms");
		await context.close();
	}
}

/* 100,000 rows: below 20 MB, ready within a second, no long pause while one types or scrolls. */
async function many(browser) {
	check("many: below 20 MB", statSync(folder + "/many.html").size < 20e6, statSync(folder + "/many.html").size);
	/* processor time of the page's own thread: what else the machine does is not the page's */
	const { page, context } = await open(browser, "many", {});
	const session = await context.newCDPSession(page);
	await session.send("Performance.enable", { timeDomain: "threadTicks" });
	const busy = async () => (await session.send("Performance.getMetrics")).metrics.find((metric) => metric.name === "TaskDuration").value * 1000;
	const took = async (action) => { const before = await busy(); await action(); return await busy() - before; };
	const ready = await took(async () => { await page.reload(); await page.waitForFunction(() => document.documentElement.dataset.ready === "1"); });
	let pause = 0;

	check("many: 100,000 rows", (await page.locator("#count").innerText()).includes("100,000"), await page.locator("#count").innerText());
	for (const word of ["a", "ad", "add", "add 4", "", "zzz", ""])
		pause = Math.max(pause, await took(() => page.evaluate((text) => {
			const input = document.getElementById("filter");
			input.value = text;
			input.dispatchEvent(new Event("input"));
			document.querySelector(".log").getBoundingClientRect();
		}, word)));
	for (let i = 0; i < 20; i++)
		pause = Math.max(pause, await took(() => page.evaluate(async (top) => {
			document.querySelector(".log").scrollTop = top;
			await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
		}, i * 120000)));
	await context.close();
	console.log("        many: ready after " + Math.round(ready) + " ms, longest pause " + Math.round(pause) + " ms (processor time)");
	check("many: ready within a second", ready > 0 && ready < 1000, ready);
	check("many: no pause of more than 100 ms", pause > 0 && pause < 100, pause);
}

const browser = await chromium.launch({ executablePath: chromium_path, args: ["--no-sandbox"] });
const names = readdirSync(folder).filter((name) => name.endsWith(".json")).map((name) => name.slice(0, -5));
check("there are pages", names.length > 0);
for (const name of names)
	await look(browser, name);
await many(browser);
await browser.close();
console.log("pages: " + passed + " passed, " + failed + " failed");
process.exit(failed || !passed ? 1 : 0);
