/* A line that took an input with the weights of one instance, and now meets those of another, which were cast: the weights are the exception. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/elsewhere.h"
#include "../../history/usual.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define CALLS_KEPT 4 /* whose input's maker is looked at */

struct taken {
	const struct event *now;
	int weight, input;
	const char *dtype;               /* of the input */
	int64_t calls, same /* with this very weight */;
	bool other;                      /* a call had other dtypes */
	int64_t tensors[CALLS_KEPT], ids[CALLS_KEPT]; /* the newest calls' inputs */
};

static bool
is_of(const struct event *event, int place, const char *dtype)
{
	return place < event->operand_count && event->operands[place].dtype && strcmp(event->operands[place].dtype, dtype) == 0;
}

static bool
add_call(const struct event *event, void *context)
{
	struct taken *taken = context;

	taken->other = !is_of(event, taken->weight, taken->dtype) || !is_of(event, taken->input, taken->dtype);
	if (taken->other)
		return false;
	taken->same += event->operands[taken->weight].tensor == taken->now->operands[taken->weight].tensor;
	if (taken->calls < CALLS_KEPT) {
		taken->tensors[taken->calls] = event->operands[taken->input].tensor;
		taken->ids[taken->calls] = event->id;
	}
	taken->calls++;
	return true;
}

static bool
maker_of(const struct cause_facts *facts, int64_t tensor, int64_t before, struct event *out)
{
	int output, writes;

	return tensor > 0 && lineage_maker(facts->source, facts->process, tensor, before, LINEAGE_DTYPE, out, &output, &writes) && out->id >= 0;
}

/* Was the input of those calls made by the line that made this one's? */
static bool
made_alike(const struct cause_facts *facts, const struct taken *taken)
{
	struct event now, before;

	if (!maker_of(facts, facts->event->operands[taken->input].tensor, facts->event->id, &now))
		return false;
	for (int i = 0; i < CALLS_KEPT && i < taken->calls; i++)
		if (!maker_of(facts, taken->tensors[i], taken->ids[i], &before) || strcmp(before.operation, now.operation) != 0 ||
		    !where_same_line(facts->source, facts->process, before.site, now.site))
			return false;
	return true;
}

/* " (evaluate.py:28)": the program's line that called the model, outside of any module's code. */
static void
add_call_line(const struct cause_facts *facts, struct text *text)
{
	for (size_t i = 0; i < json_array_size(facts->frames); i++) {
		const json_t *frame = json_array_get(facts->frames, i);

		if (!where_is_program(text_get(frame, "file")) || *text_get(frame, "module"))
			continue;
		text_add(text, " (%s:%" PRId64 ")", text_basename(text_get(frame, "file")), (int64_t)json_integer_value(json_object_get(frame, "line")));
		return;
	}
}

bool
cause_tell_cast_copy(const struct cause_facts *facts, struct cause *out, int weight, int input, const char *parameter, const char *dtype)
{
	struct taken taken = { .now = facts->event, .weight = weight, .input = input, .dtype = dtype };
	const struct lineage_step *cast = cause_decider(&facts->sides[facts->sides[1].place == weight]);
	const char *path = cause_operand_name(facts, weight), *dot = strchr(path, '.');
	char line[512];
	int named = (int)(dot ? (size_t)(dot - path) : strlen(path));

	if (!facts->source || facts->event->id < 0 || facts->event->site < 0)
		return false;
	elsewhere_each(facts->source, facts->process, facts->event, add_call, &taken);
	if (taken.other || taken.calls < USUAL_CALLS_LEAST || !made_alike(facts, &taken))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "; the weight is the exception: %" PRId64 " earlier calls of this line had %s of %s, from the same maker, and a weight of %s, %s", taken.calls,
		 cause_operand_name(facts, input), dtype, dtype, taken.same ? SAY("this one before it was cast") : SAY("of another instance (what this is a copy of, or stands beside)"));
	text_add(&out->fix, "keep %.*s in %s", named, path, dtype);
	if (cast && where_called_line(facts->source, facts->process, cast->event.site, line, sizeof(line)))
		text_add(&out->fix, " (it becomes %s at %s)", parameter, line);
	text_add(&out->fix, "; or convert %s to %s just before this call", cause_operand_name(facts, input), parameter);
	add_call_line(facts, &out->fix);
	text_add(&out->fix, ", or run this call under autocast; not where it is made: the other calls need it in %s", dtype);
	return true;
}
