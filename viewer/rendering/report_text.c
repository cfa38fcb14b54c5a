#include "report_text.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "report_parts.h"

void
report_label(struct page *page, const char *label)
{
	int columns = page_columns(label);

	page_format(page, label[0] ? PAGE_FAINT "%s%*s" PAGE_END : "%s%*s", label, columns < REPORT_INDENT ? REPORT_INDENT - columns : 1, "");
}

void
report_verdict(struct page *page, const char *mark, const char *word)
{
	int columns = page_columns(word);

	page_format(page, "%s%s" PAGE_END "%*s", mark, word, columns < REPORT_INDENT ? REPORT_INDENT - columns : 1, "");
}

const char *
report_string(const json_t *object, const char *key)
{
	const char *string = json_string_value(json_object_get(object, key));

	return string ? string : "";
}

int64_t
report_integer(const json_t *object, const char *key, int64_t missing)
{
	const json_t *value = json_object_get(object, key);

	return json_is_integer(value) ? json_integer_value(value) : missing;
}

const char *
report_base(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

const char *
report_file(const char *path)
{
	static const char *const roots[] = { "/site-packages/", "/dist-packages/" };

	for (unsigned i = 0; i < sizeof roots / sizeof roots[0]; i++) {
		const char *at = strstr(path, roots[i]);

		if (at)
			return at + strlen(roots[i]);
	}
	return path;
}

void
report_line(struct page *page, const char *label, const char *string, int width, int most)
{
	struct page words = { 0 };

	page_words(&words, string);
	if (words.size > 0) {
		report_label(page, label);
		page_wrap(page, REPORT_INDENT, width, most, page_string(&words));
	}
	page_free(&words);
}

static void
report_command(struct page *page, const json_t *trace, int width)
{
	const json_t *command = json_object_get(trace, "command"), *word;
	struct page words = { 0 };
	size_t i;

	if (json_is_string(command))
		page_words(&words, json_string_value(command));
	json_array_foreach(command, i, word) {
		if (i > 0)
			page_add(&words, " ");
		page_words(&words, json_string_value(word));
	}
	if (words.size > 0) {
		report_label(page, SAY("command"));
		page_wrap(page, REPORT_INDENT, width, 1, page_string(&words));
	}
	page_free(&words);
}

static void
report_end(struct page *page, const json_t *trace)
{
	int64_t status = report_integer(trace, "exit_status", -1), signal = report_integer(trace, "signal", 0);

	if (signal > 0) {
		const char *name = sigabbrev_np((int)signal);

		page_format(page, SAY(", ended by SIG%s"), name ? name : "?");
	} else if (status > 0)
		page_format(page, SAY(", ended with status %" PRId64), status);
}

static void
report_head(struct page *page, const json_t *report, int width)
{
	const json_t *trace = json_object_get(report, "trace");
	const json_t *run_time = json_object_get(trace, "run_time_s");
	const char *torch = report_string(trace, "torch"), *python = report_string(trace, "python");
	int64_t end = report_integer(trace, "end_ns", 0);
	struct timespec now;

	report_label(page, SAY("trace"));
	page_safe(page, report_string(trace, "directory"));
	clock_gettime(CLOCK_REALTIME, &now);
	/* `run` prints the report of what has just ended */
	if (end > 0 && (double)now.tv_sec - (double)end / 1e9 > 3) {
		struct page ago = { 0 };

		page_duration(&ago, (double)now.tv_sec - (double)end / 1e9);
		page_format(page, SAY(", ended %s ago"), page_string(&ago));
		page_free(&ago);
	}
	if (json_is_true(json_object_get(trace, "chosen")))
		page_add(page, SAY(" (the newest here)"));
	page_add(page, "\n");
	report_command(page, trace, width);
	report_processes(page, report, width);
	if (torch[0] || python[0] || json_is_number(run_time)) {
		struct page line = { 0 };

		if (torch[0]) {
			page_add(&line, "torch ");
			page_words(&line, torch);
		}
		if (python[0]) {
			page_add(&line, torch[0] ? ", Python " : "Python ");
			page_words(&line, python);
		}
		report_environment_words(&line, report);
		if (json_is_number(run_time)) {
			page_add(&line, line.size ? SAY("; ran ") : SAY("ran "));
			page_duration(&line, json_number_value(run_time));
		}
		report_end(&line, trace);
		report_label(page, SAY("versions"));
		page_wrap(page, REPORT_INDENT, width, 2, page_string(&line));
		page_free(&line);
	}
}

/* " (global_step 12, epoch 0.5)": the program's own counters, beside ours. */
static void
report_counters(struct page *line, const json_t *counters)
{
	const json_t *counter;
	size_t i;

	json_array_foreach(counters, i, counter) {
		const char *name = report_string(counter, "name"), *dot = strrchr(name, '.');
		const json_t *value = json_object_get(counter, "value");

		page_add(line, i ? ", " : SAY(" (its own: "));
		page_words(line, dot ? dot + 1 : name);
		if (json_is_integer(value))
			page_format(line, " %" JSON_INTEGER_FORMAT, json_integer_value(value));
		else
			page_format(line, " %.4g", json_number_value(value));
	}
	if (json_array_size(counters))
		page_add(line, ")");
}

/* "aten::cat, forward, step 3, micro-batch 1, rank 0 (worker 4712)" */
static void
report_operation(struct page *page, const json_t *failure, int width)
{
	const json_t *process = json_object_get(failure, "process");
	const char *operation = report_string(failure, "operation"), *phase = report_string(failure, "phase");
	const char *role = report_string(process, "role");
	int64_t step = report_integer(failure, "step", -1), micro = report_integer(failure, "micro_batch", 0);
	int64_t rank = report_integer(process, "rank", -1), pid = report_integer(process, "pid", -1);
	int64_t event = report_integer(failure, "event", -1);
	struct page line = { 0 };

	page_words(&line, operation);
	if (phase[0] && strcmp(phase, "other") != 0) {
		page_add(&line, line.size ? ", " : "");
		page_words(&line, phase);
	}
	if (step > 0 || (step == 0 && strcmp(role, "worker") != 0)) /* a data worker makes none */
		page_format(&line, SAY("%sstep %" PRId64), line.size ? ", " : "", step);
	if (micro > 0)
		page_format(&line, SAY(", micro-batch %" PRId64), micro);
	report_counters(&line, json_object_get(failure, "counters"));
	if (rank >= 0)
		page_format(&line, SAY("%srank %" PRId64), line.size ? ", " : "", rank);
	if (strcmp(role, "worker") == 0) {
		page_add(&line, line.size ? ", " : "");
		page_add(&line, json_is_true(json_object_get(process, "loads_data")) ? SAY("data worker") : SAY("worker"));
		if (pid >= 0)
			page_format(&line, " %" PRId64, pid);
	}
	if (json_is_string(json_object_get(failure, "thread"))) {
		page_add(&line, line.size ? SAY(", thread ") : SAY("thread "));
		page_words(&line, report_string(failure, "thread"));
	}
	if (event >= 0)
		page_format(&line, SAY("%sevent %" PRId64), line.size ? ", " : "", event);
	if (line.size > 0) {
		report_label(page, operation[0] ? SAY("operation") : SAY("during"));
		page_wrap(page, REPORT_INDENT, width, 2, page_string(&line));
	}
	page_free(&line);
}

static void
report_sample(struct page *page, const json_t *sample, int width)
{
	const json_t *indices = json_object_get(sample, "indices"), *index;
	struct page line = { 0 };
	size_t i;

	if (report_integer(sample, "epoch", -1) >= 0)
		page_format(&line, SAY("epoch %" PRId64), report_integer(sample, "epoch", -1));
	if (report_integer(sample, "batch", -1) >= 0)
		page_format(&line, SAY("%sbatch %" PRId64), line.size ? ", " : "", report_integer(sample, "batch", -1));
	json_array_foreach(indices, i, index) {
		if (i == 12) {
			page_add(&line, ", ...");
			break;
		}
		page_add(&line, i > 0 ? ", " : line.size ? SAY(", indices ") : SAY("indices "));
		page_format(&line, "%" JSON_INTEGER_FORMAT, json_integer_value(index));
	}
	if (report_integer(sample, "within_batch", -1) >= 0)
		page_format(&line, SAY("%snumber %" PRId64 " of its batch"), line.size ? ", " : "",
			    report_integer(sample, "within_batch", -1));
	if (report_string(sample, "source")[0]) {
		page_add(&line, line.size ? SAY(", from ") : SAY("from "));
		page_words(&line, report_string(sample, "source"));
	}
	if (line.size > 0) {
		report_label(page, SAY("sample"));
		page_wrap(page, REPORT_INDENT, width, 2, page_string(&line));
	}
	page_free(&line);
}

static void
report_next(struct page *page, const json_t *report, const json_t *failure)
{
	const json_t *process = json_object_get(failure, "process");
	int64_t rank = report_integer(process, "rank", -1), event = report_integer(failure, "event", -1);
	struct page directory = { 0 };

	page_safe(&directory, report_string(json_object_get(report, "trace"), "directory"));
	report_label(page, SAY("next"));
	page_format(page, "shapebox log %s", page_string(&directory));
	if (json_array_size(json_object_get(report, "processes")) > 1 && rank >= 0)
		page_format(page, " --rank %" PRId64, rank);
	page_add(page, event >= 0 || json_is_object(failure) ? " --last 20\n" : "\n");
	if (json_is_object(failure)) {
		report_label(page, "");
		page_format(page, "shapebox report %s --format json\n", page_string(&directory));
	}
	page_free(&directory);
}

static void
report_failure(struct page *page, const json_t *report, const json_t *failure, int width)
{
	struct page headline = { 0 };
	const char *others = report_string(failure, "other_ranks_text");

	page_words(&headline, report_string(failure, "headline"));
	report_verdict(page, PAGE_BAD, SAY("FAILED"));
	page_add(page, PAGE_STRONG);
	page_wrap(page, REPORT_INDENT, width, 3, headline.size ? page_string(&headline) : SAY("the run failed"));
	page_add(page, PAGE_END "\n");
	page_free(&headline);
	report_operation(page, failure, width);
	report_where(page, json_object_get(failure, "where"), width);
	report_exception(page, failure, width);
	report_cuda(page, failure, width);
	report_memory(page, failure, width);
	report_operands(page, failure, width);
	report_causes(page, SAY("why"), json_object_get(failure, "causes"), width, 2, true);
	if (!json_array_size(json_object_get(failure, "causes")) &&
	    (json_array_size(json_object_get(failure, "operands")) || json_array_size(json_object_get(failure, "lineage"))))
		report_line(page, SAY("why"), SAY("not known: no rule fits what was recorded"), width, 1);
	report_lineage(page, failure, width);
	report_sample(page, json_object_get(failure, "sample"), width);
	report_line(page, SAY("before"), report_string(json_object_get(failure, "history"), "text"), width, 2);
	if (!others[0])
		others = report_string(json_object_get(report, "ranks"), "text");
	report_line(page, SAY("others"), others, width, 3);
	report_failures_hint(page, report);
}

const char *
report_unheard(const json_t *report)
{
	const json_t *processes = json_object_get(report, "processes"), *process, *item;
	bool unheard = false;
	size_t i, n;

	json_array_foreach(processes, i, process) {
		if (report_integer(process, "events", 0) > 0)
			return NULL;
		json_array_foreach(json_object_get(process, "degraded"), n, item)
			unheard = unheard || strcmp(report_string(item, "name"), "operation callback") == 0;
	}
	return unheard ? report_string(json_object_get(report, "trace"), "torch") : NULL;
}

static void
report_healthy(struct page *page, const json_t *report, int width)
{
	const json_t *trace = json_object_get(report, "trace"), *processes = json_object_get(report, "processes"), *process;
	const json_t *findings = json_object_get(report, "findings");
	bool ended_badly = report_integer(trace, "exit_status", 0) > 0 || report_integer(trace, "signal", 0) > 0;
	int64_t operations = 0, steps = 0;
	const char *torch = report_unheard(report);
	struct page line = { 0 };
	size_t i;

	if (torch) {
		report_verdict(page, PAGE_BAD, SAY("NOTHING"));
		page_add(&line, "torch ");
		page_words(&line, torch);
		page_format(&line, SAY(" announces its operations in a way that shapebox does not know, so none was recorded (torch %s and newer are); "
				       "the program ran as without it"), REPORT_TORCH_OLDEST);
		page_wrap(page, REPORT_INDENT, width, 3, page_string(&line));
		page_free(&line);
		return;
	}
	json_array_foreach(processes, i, process) {
		int64_t here = report_integer(process, "steps", 0);

		operations += report_integer(process, "events", 0);
		steps = here > steps ? here : steps;
	}
	if (ended_badly)
		page_add(&line, SAY("the run failed, but no failing operation and no uncaught exception was recorded: "));
	else
		page_add(&line, json_array_size(findings) ? SAY("no failure: ") : SAY("nothing wrong found: "));
	page_plural(&line, operations, SAY("operation recorded"), SAY("operations recorded"));
	if (steps > 0) {
		page_add(&line, ", ");
		page_plural(&line, steps, SAY("training step"), SAY("training steps"));
	}
	report_verdict(page, ended_badly ? PAGE_BAD : PAGE_GOOD, ended_badly ? SAY("FAILED") : SAY("OK"));
	page_wrap(page, REPORT_INDENT, width, 3, page_string(&line));
	page_free(&line);
	report_causes(page, SAY("found"), findings, width, 5, false);
	report_line(page, SAY("ranks"), report_string(json_object_get(report, "ranks"), "text"), width, 4);
}

void
report_text(struct page *page, json_t *report, int width)
{
	const json_t *failure = json_object_get(report, "failure");

	report_head(page, report, width);
	page_add(page, "\n");
	if (json_is_object(failure))
		report_failure(page, report, failure, width);
	else
		report_healthy(page, report, width);
	report_handled(page, json_object_get(report, "handled"), width);
	report_degraded(page, json_object_get(report, "processes"), width);
	report_next(page, report, failure);
}
