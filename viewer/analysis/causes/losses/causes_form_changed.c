/* Rules about an operand of another form than the line always had: a step of its way left out, class indices in place of a distribution. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../history/form_changed.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../mismatch/operand.h"
#include "../../where.h"

#define SOURCE_MOST 80
#define SOFTMAX_STEPS 4 /* from the product back to the softmax */

/* What the program calls the operand at PLACE, or what it was made of by STEP where it has no name of its own. */
static const char *
name_of(const struct cause_facts *facts, int place, const struct lineage_step *step)
{
	const json_t *local = operand_local(facts->frames, facts->event->operands[place].tensor);

	if (!local && step)
		local = operand_local(facts->frames, step->tensor);
	return local && *text_get(local, "name") ? text_get(local, "name") : cause_argument(facts, place);
}

static void
add_form(struct text *text, const struct operand *is)
{
	text_add_sizes(text, is->sizes, is->ndim);
	text_add(text, " %s", is->dtype ? is->dtype : "");
}

/* Is INDICES integers of the form of FULL without its last dimension, which is that of classes? */
static bool
lacks_classes(const struct operand *indices, const struct operand *full)
{
	return indices->dtype && full->dtype && rule_is_integral(indices->dtype) && rule_is_floating(full->dtype) && full->ndim == indices->ndim + 1 &&
	       indices->ndim > 0 && full->sizes[indices->ndim] > 1 && memcmp(indices->sizes, full->sizes, (size_t)indices->ndim * sizeof(*full->sizes)) == 0;
}

/* Did the operand of SIDE come from a softmax, with nothing but operations element by element since? */
static bool
is_distribution(const struct cause_side *side)
{
	for (int i = 0; side->lineage && i < side->lineage->count && i < SOFTMAX_STEPS; i++) {
		const char *operation = side->lineage->steps[i].event.operation;

		if (mismatch_is_any(operation, "log_softmax softmax special_log_softmax special_softmax"))
			return true;
		if (!mismatch_is_any(operation, "neg mul div exp log clamp to"))
			return false;
	}
	return false;
}

static void
add_indices_fix(struct text *text, const char *name, int64_t classes, const char *dtype)
{
	text_add(text, "torch.nn.functional.one_hot(%s, %" PRId64 ").to(torch.%s), or a loss that takes class indices (cross_entropy); unsqueeze would multiply by the indices", name,
		 classes, dtype);
}

static void
add_statement(struct text *text, const struct code_statement *statement)
{
	struct text cut = {{0}, 0};

	text_add_short(&cut, statement->text, SOURCE_MOST);
	while (cut.used && cut.data[cut.used - 1] == ' ')
		cut.data[--cut.used] = 0;
	text_add(text, "%s", "`");
	text_add(text, "%s", cut.data);
	text_add(text, "%s", "`");
}

static bool
is_in(const struct site *site, const struct frame *frame)
{
	for (int i = 0; i < site->frame_count; i++)
		if (strcmp(site->frames[i].function, frame->function) == 0 && strcmp(site->frames[i].file, frame->file) == 0)
			return true;
	return false;
}

/* The program's frame that called STEP's operation: within the function that both STEP and BESIDE were called from, if there is one; NULL. */
static const struct frame *
own_frame(const struct cause_facts *facts, const struct lineage_step *step, const struct lineage_step *beside)
{
	const struct source *source = facts->source;
	const struct frame *own = NULL;
	struct site site, other;

	if (!source->site(source->context, facts->process, step->event.site, &site) || !source->site(source->context, facts->process, beside->event.site, &other))
		return NULL;
	for (int i = 0; i < site.frame_count; i++) {
		if (!where_is_program(site.frames[i].file))
			continue;
		if (is_in(&other, &site.frames[i]))
			return &site.frames[i];
		own = own ? own : &site.frames[i];
	}
	return own;
}

/* The condition that the last of COUNT statements stands under; NULL. */
static const struct code_statement *
condition_of(const struct code_statement *statements, int count)
{
	for (int i = count - 2; i > 0; i--)
		if (statements[i].indent < statements[count - 1].indent)
			return strncmp(statements[i].text, "if ", 3) == 0 ? &statements[i] : NULL;
	return NULL;
}

/* "train.py:22: `x, y = mix(x, y)`, under `if mix is not None:`": the program's own line of a step that is left out where WITHOUT is. */
static bool
add_left_out(const struct cause_facts *facts, struct text *text, const struct lineage_step *step, const struct lineage_step *without)
{
	struct code_statement *statements = calloc(CODE_STATEMENTS_MOST, sizeof(*statements));
	const struct frame *own = own_frame(facts, step, without);
	const struct code_statement *condition;
	struct code code;
	int count = 0;

	if (own)
		text_add(text, "%s:%d", text_basename(own->file), own->line);
	if (own && statements && code_open(&code, own->file, facts->time_ns)) {
		count = code_statements(&code, own->line, statements, CODE_STATEMENTS_MOST);
		code_close(&code);
	}
	if (count) {
		text_add(text, ": ");
		add_statement(text, &statements[count - 1]);
		condition = condition_of(statements, count);
		if (condition) {
			text_add(text, ", under ");
			add_statement(text, condition);
		}
	}
	free(statements);
	return own != NULL;
}

/* The dimension of IS, which has one more than before, that has two of long rows: channels; -1. The first is the batch's. */
static int
channels_of(const struct operand *is, int was)
{
	int found = -1;

	if (is->ndim != was + 1 || is->ndim < 2 || !is->dtype || !rule_is_floating(is->dtype))
		return -1;
	for (int d = is->ndim > 2; d < is->ndim; d++) {
		if (is->sizes[d] == 2 && found >= 0)
			return -1;
		found = is->sizes[d] == 2 ? d : found;
	}
	return found >= 0 && cause_is_stereo(is, found) ? found : -1;
}

/* What was first of another form than ever, the same lines having made all since: says so, and what to change. */
static void
tell_first(const struct cause_facts *facts, struct cause *out, const struct form_first *first)
{
	const struct operand *is = &first->now.event.outputs[first->now.output];
	bool data = first->now.entered && first->now.event.phase && strcmp(first->now.event.phase, "data") == 0;
	int channels = first->now.entered ? channels_of(is, first->ndim) : -1;

	text_add(&out->text, "%s", data ? SAY("; the batch itself came so: ") : SAY("; it is so since "));
	cause_add_step(facts, &out->text, &first->now);
	text_add(&out->text, " gave ");
	text_add_sizes(&out->text, is->sizes, is->ndim);
	text_add(&out->text, ", the time before ");
	text_add_sizes(&out->text, first->sizes, first->ndim);
	if (channels >= 0)
		text_add(&out->text, "; the 2 in dimension %d is new: two channels (stereo)", channels);
	if (channels >= 0)
		text_add(&out->fix, "make one channel of that sample where it is read (mean over its dimension of 2, or one of the two)");
	else if (first->now.entered)
		text_add(&out->fix, "bring it to %d dimension%s where it is read or put together, as all before it; a reshape at the failing line would hide it", first->ndim,
			 language_plural(first->ndim));
	else
		text_add(&out->fix, "bring it to %d dimension%s there, as all before it; a reshape at the failing line would hide it", first->ndim, language_plural(first->ndim));
}

static void
tell_fix(const struct cause_facts *facts, struct cause *out, const struct form_parting *parting, const char *name)
{
	struct text line = {{0}, 0};

	if (parting->now.event.id < 0) {
		text_add(&out->fix, "find what makes %s another this time; a reshape at the failing line would hide it", name);
	} else if (parting->extra) {
		text_add(&out->fix, "leave that step out here, as otherwise: ");
		cause_add_line(facts, &out->fix, &parting->now, -1);
	} else if (parting->left_out && add_left_out(facts, &line, &parting->before, &parting->now)) {
		text_add(&out->fix, "let %s go through that step, too: %s", name, line.data);
	} else {
		text_add(&out->fix, "bring it to that form where it is made now: ");
		cause_add_line(facts, &out->fix, &parting->now, -1);
	}
}

/* Needs: an operand that had another number of dimensions in every earlier call of the line, where the other is as it was. Likely where the line ran often, where
 * its way parts from that of the earlier calls, or is the same, but of something that came in another form. */
bool
cause_form_changed(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	struct form_parting parting;
	struct form_changed was;
	struct form_first first;
	const struct operand *is, *other;
	const char *name;
	int64_t classes = 0;
	bool known, traced;
	int side;

	if (!facts->source || !facts->event || (side = form_changed_side(facts->source, facts->process, facts->event, mismatch, &was)) < 0)
		return false;
	is = &facts->event->operands[facts->sides[side].place];
	other = facts->sides[!side].place >= 0 ? &facts->event->operands[facts->sides[!side].place] : NULL;
	known = form_parting(facts->source, facts->process, facts->event, facts->sides[side].place, &was, &parting);
	name = name_of(facts, facts->sides[side].place, known ? &parting.now : NULL);
	traced = !known && form_follow(facts->source, facts->process, facts->event, facts->sides[side].place, &was, NULL, &first);
	out->confidence = known || traced || was.calls >= NEWS_CALLS_SURE ? "likely" : "possible";
	out->tells_news = true;
	text_add(&out->text, "%s is ", name);
	add_form(&out->text, is);
	text_add(&out->text, " this time, in the last %" PRId64 " calls of this line ", was.calls);
	if (!was.steady)
		text_add(&out->text, "it had %d dimension%s, in the last ", was.ndim, language_plural(was.ndim));
	form_add_last(&out->text, &was);
	if (other && lacks_classes(is, other) && rule_is_floating(was.dtype) && was.ndim == other->ndim && was.sizes[was.ndim - 1] == other->sizes[was.ndim - 1]) {
		classes = was.sizes[was.ndim - 1];
		text_add(&out->text, " (class indices where a distribution over %" PRId64 " classes is taken)", classes);
	}
	if (known) {
		text_add(&out->text, ": made by ");
		cause_add_step(facts, &out->text, &parting.now);
		text_add(&out->text, "%s", parting.left_out ? SAY("; in those calls it went on from there through ")
			 : parting.extra ? SAY(", a step that those calls did not take; there it came straight from ") : SAY(", in those calls by "));
		cause_add_step(facts, &out->text, &parting.before);
		if (parting.left_out)
			text_add(&out->text, ", which is left out now");
	}
	if (traced)
		tell_first(facts, out, &first);
	else
		tell_fix(facts, out, &parting, name);
	if (classes) {
		text_add(&out->fix, "; or, where that is meant, ");
		add_indices_fix(&out->fix, name, classes, was.dtype);
	}
	return true;
}

/* Needs: a product of a (log-)softmax over classes with integers that lack that dimension. */
bool
cause_indices_for_distribution(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_disagrees(facts, "size") || !cause_is(facts, "mul mul_ xlogy kl_div"))
		return false;
	for (int i = 0; i < 2; i++) {
		const struct cause_side *indices = &facts->sides[i], *full = &facts->sides[!i];
		const struct operand *is, *other;
		const char *name;

		if (indices->place < 0 || full->place < 0 || !is_distribution(full))
			continue;
		is = &facts->event->operands[indices->place];
		other = &facts->event->operands[full->place];
		if (!lacks_classes(is, other))
			continue;
		name = name_of(facts, indices->place, cause_decider(indices));
		out->confidence = "likely";
		text_add(&out->text, "%s ", name);
		add_form(&out->text, is);
		text_add(&out->text, " are class indices, and they are multiplied with a softmax over %" PRId64 " classes, which takes a distribution for each, ",
			 other->sizes[is->ndim]);
		add_form(&out->text, other);
		add_indices_fix(&out->fix, name, other->sizes[is->ndim], other->dtype);
		return true;
	}
	return false;
}
