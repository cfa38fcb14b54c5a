/* What the page itself says, in both languages. What the report says comes from the report, built in each. */
const words = {
	copy: ["Copy as Markdown", "复制为 Markdown"], copied: ["copied", "已复制"], not_copied: ["could not copy", "无法复制"],
	healthy: ["nothing failed", "没有失败"], ended_badly: ["ended badly; no failure was recorded", "异常结束，但没有记录到失败"],
	step: ["step", "步"], steps: ["steps", "步数"], rank: ["rank", "rank"], event: ["event", "事件"], operation: ["operation", "算子"], operations: ["operations", "算子数"],
	at: ["at", "位置"], in: ["in", "于"], module: ["module", "模块"], variable: ["variable", "变量"], operand: ["operand", "操作数"], operands: ["operands", "操作数"],
	outputs: ["outputs", "输出"], shape: ["shape", "形状"], size: ["size", "大小"], device: ["device", "设备"], made_at: ["made at", "产生于"],
	mismatch: ["mismatch", "不一致"], why: ["why", "原因"], fix: ["fix", "修改建议"], before: ["before", "此前"],
	certain: ["certain", "确定"], likely: ["likely", "很可能"], possible: ["possible", "可能"],
	raised_on: ["raised on as", "随后转抛为"], led_to: ["handled, and led to", "被处理，并导致"],
	sample: ["sample", "样本"], batch: ["batch", "批次"], indices: ["indices", "索引"], within_batch: ["number {n} of its batch", "该批次中第 {n} 个"],
	lineage: ["Where the size came from", "尺寸从何而来"], parts: ["here the two ways part", "两条路径在此分开"], decided: ["decided here", "在此决定"],
	folded: ["{n} operations that keep it", "{n} 个算子保持不变"],
	history: ["The same line, before", "同一行此前的情况"], history_of: ["at this line, call after call.", "在这一行各次调用中的值。"], others_behind: ["Other ranks in grey.", "灰色为其他 rank。"],
	memory: ["Memory of {device}, when each step ended", "{device} 的显存（每步结束时）"], memory_all: ["all", "合计"], asked: ["asked for {bytes} here, and refused", "在此申请 {bytes}，失败"],
	numbers: ["the numbers", "数值"], processes: ["Processes", "进程"], role: ["role", "角色"], host: ["host", "主机"], state: ["state", "状态"], missing: ["missing from the trace", "记录中缺失"],
	signal: ["signal", "信号"], grid: ["The last operation of each rank, step by step", "各 rank 每步的最后一个算子"], divergence: ["First difference", "首个差异"],
	log: ["The last operations", "最近的算子"], filter: ["filter: cat 36 model.py step:3 failed", "过滤：cat 36 model.py step:3 failed"], all_processes: ["all processes", "所有进程"],
	phase: ["phase", "阶段"], left_out: ["{n} older operations are not in this page; `shapebox log` shows them.", "另有 {n} 个更早的算子不在本页；用 `shapebox log` 查看。"],
	modules: ["Modules", "模块"], parameters: ["parameters", "参数量"], stack: ["Python stack", "Python 调用栈"], native: ["Native stack", "本地调用栈"], text: ["The report as text", "文本报告"],
	ok: ["ok", "正常"], failed: ["failed", "失败"], killed: ["killed", "被杀死"], crashed: ["crashed", "崩溃"], running: ["running", "运行中"],
	language: ["中文", "English"],
};
let language = document.documentElement.lang === "zh" ? 1 : 0;

function t(word) {
	return words[word] ? words[word][language] : String(word);
}
