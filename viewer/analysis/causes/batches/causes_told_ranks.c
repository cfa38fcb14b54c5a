/* What is gathered has another size on another rank, as the check of it tells. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../told.h"
#include "../../where.h"

#define LINES_ON 8 /* that are looked at after the failing one */
#define CALL_MOST 64

/* The call of the failing line ("accelerator.gather(") that has NAME for its only argument, in OUT; false where it has none. */
static bool
find_call(const char *line, const char *name, char out[CALL_MOST])
{
	size_t size, length = strlen(name);

	for (const char *at = line; at && (at = code_next_path(at, &size)); at += size)
		if (size + 2 < CALL_MOST && at[size] == '(' && strncmp(at + size + 1, name, length) == 0 && at[size + 1 + length] == ')') {
			text_format(out, CALL_MOST, "%.*s", (int)size + 1, at);
			return true;
		}
	return false;
}

/* What the lines of the failing function that follow give to the same CALL, at most two names; how many. */
static int
also_called(const struct cause_facts *facts, const char *call, char names[2][CALL_MOST])
{
	int chosen = where_choose(facts->frames), count = 0, line;
	const json_t *frame = chosen < 0 ? NULL : json_array_get(facts->frames, (size_t)chosen);
	struct code code;
	size_t indent;

	if (!frame || !code_open(&code, text_get(frame, "file"), facts->time_ns))
		return 0;
	line = (int)json_integer_value(json_object_get(frame, "line"));
	indent = line > 0 && line <= code.count ? strspn(code.lines[line - 1], " \t") : 0;
	for (int i = line; i < code.count && i < line + LINES_ON && count < 2; i++) {
		const char *at = strspn(code.lines[i], " \t") == indent ? strstr(code.lines[i], call) : NULL;
		size_t size = at ? code_path(at + strlen(call)) : 0;

		if (!size || at[strlen(call) + size] != ')' || size >= CALL_MOST)
			continue;
		text_format(names[count++], CALL_MOST, "%.*s", (int)size, at + strlen(call));
	}
	code_close(&code);
	return count;
}

/* Dimension 0 is the batch's: of the last batch that may be, any other is the padding's. */
static void
tell_fix(const struct cause_facts *facts, struct cause *out, int dim, const char *name)
{
	char call[CALL_MOST] = "", also[2][CALL_MOST];
	int count = *name && facts->line && find_call(facts->line, name, call) ? also_called(facts, call, also) : 0;
	const char *dot = strrchr(call, '.');

	text_add(&out->fix, "bring them to one size before they are gathered: ");
	text_add(&out->fix, "%.*spad_across_processes(%s, dim=%d)", dot ? (int)(dot - call) + 1 : 0, call, *name ? name : "x", dim);
	for (int i = 0; i < count; i++)
		text_add(&out->fix, "%s%s", i ? ", " : SAY(", and so "), also[i]);
	if (dim == 0)
		text_add(&out->fix, "; of the last batch: gather_for_metrics, even_batches or drop_last");
	else
		text_add(&out->fix, " (without dim it pads dimension 0; labels with pad_index=-100, or what else isn't counted), or pad every batch to one fixed length");
}

bool
cause_tell_ranks(const struct cause_facts *facts, struct cause *out)
{
	const struct process *process = facts->source ? facts->source->process(facts->source->context, facts->process) : NULL;
	const struct lineage_step *made = cause_decider(&facts->sides[0]);
	const char *name = facts->mismatch && facts->mismatch->operand >= 0 ? cause_operand_name(facts, facts->mismatch->operand) : "";
	struct told_apart apart;

	if (!told_apart(facts->message, process ? process->rank : -1, &apart))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "shapes that should agree: ");
	text_add_sizes(&out->text, apart.shape.sizes, apart.shape.ndim);
	apart.shape.sizes[apart.dim] = apart.other_size;
	text_add(&out->text, " and ");
	text_add_sizes(&out->text, apart.shape.sizes, apart.shape.ndim);
	text_add(&out->text, " are those of different processes: dimension %d is %" PRId64 " on rank %" PRId64 " and %" PRId64 " on rank %" PRId64, apart.dim, apart.size,
		 apart.rank, apart.other_size, apart.other);
	if (made && mismatch_is_any(made->event.operation, "pad_sequence")) {
		text_add(&out->text, "; each rank pads its own batch, to its own longest: ");
		cause_add_step(facts, &out->text, made);
	} else if (made && apart.dim > 0) {
		text_add(&out->text, "; each rank's own batch decides it: ");
		cause_add_step(facts, &out->text, made);
	}
	tell_fix(facts, out, apart.dim, name);
	return true;
}
