/* Rules about losses: logits and labels. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"
#include "../code/slice.h"

/* Needs: logits whose last dimension would be the classes: labels fit all the others. */
bool
cause_class_dimension(const struct cause_facts *facts, struct cause *out)
{
	int self = cause_is_loss(facts) ? rule_tensor(facts->event, "self") : -1, target = self >= 0 ? rule_tensor(facts->event, "target") : -1;
	const struct operand *logits, *labels;

	if (target < 0 || !facts->mismatch)
		return false;
	logits = &facts->event->operands[self];
	labels = &facts->event->operands[target];
	if (logits->ndim < 3 || labels->ndim != logits->ndim - 1 || !rule_is_integral(labels->dtype))
		return false;
	for (int d = 0; d < labels->ndim; d++)
		if (labels->sizes[d] != logits->sizes[d])
			return false;
	out->confidence = "likely";
	text_add(&out->text, "the classes must be dimension 1 of the logits, and stand last: logits ");
	text_add_sizes(&out->text, logits->sizes, logits->ndim);
	text_add(&out->text, ", labels ");
	text_add_sizes(&out->text, labels->sizes, labels->ndim);
	text_add(&out->fix, "flatten both (logits.flatten(0, %d), labels.flatten()), or give it logits.movedim(-1, 1)", logits->ndim - 2);
	return true;
}

/* The step that cuts one off SIDE (the shift of labels against logits); NULL if none does. */
static const struct lineage_step *
shift_of(const struct cause_side *side)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		int place = rule_any(&step->event, "self");
		const struct operand *from = place >= 0 ? &step->event.operands[place] : NULL;

		if (strstr(step->event.operation, "slice") && from && step->dim >= 0 && step->dim < from->ndim &&
		    from->sizes[step->dim] == step->size + 1)
			return step;
	}
	return NULL;
}

/* "2 x 48" of a side whose rows were put into one: how many sequences, and how long each; the step that did it, NULL if none. */
static const struct lineage_step *
rows_of(const struct cause_side *side, int64_t *rows, int64_t *each)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		int place = rule_any(&step->event, "self input");
		const struct operand *from = place >= 0 ? &step->event.operands[place] : NULL;

		if (!from || step->size != side->size || from->ndim < 2 || !mismatch_is_any(step->event.operation, "view reshape flatten") || from->sizes[0] < 1 ||
		    from->sizes[0] * from->sizes[1] != side->size)
			continue;
		*rows = from->sizes[0];
		*each = from->sizes[1];
		return step;
	}
	return NULL;
}

/* As many sequences on both sides, those of one side cut to a limit by name and the other's not. */
static bool
tell_cut(const struct cause_facts *facts, struct cause *out)
{
	int64_t rows[2], each[2];
	const json_t *limit = NULL;
	int few;

	if (!rows_of(&facts->sides[0], &rows[0], &each[0]) || !rows_of(&facts->sides[1], &rows[1], &each[1]) || rows[0] != rows[1] || each[0] == each[1])
		return false;
	few = each[1] < each[0];
	for (int64_t shift = 0; shift < 2 && !limit; shift++) { /* shifted by one against each other */
		limit = each[few] + shift < each[!few] ? cause_named_number(facts, each[few] + shift, cause_limits) : NULL;
		limit = cause_is_limit(facts, limit) ? limit : NULL;
	}
	if (!limit)
		return false;
	out->confidence = "likely";
	out->setting = limit;
	text_add(&out->text, "%s were cut to %s = %" PRId64 " and %s weren't: %" PRId64 " sequences of %" PRId64 " against %" PRId64,
		 few ? SAY("the sequences") : SAY("the labels"), text_get(limit, "name"), (int64_t)json_integer_value(json_object_get(limit, "value")),
		 few ? SAY("the labels") : SAY("the sequences"), rows[0], each[few], each[!few]);
	if (facts->calls && facts->agreed == facts->calls)
		text_add(&out->evidence, "in %" PRId64 " earlier calls they agreed", facts->calls);
	text_add(&out->fix, "cut both at the same place (labels[:%s] with input_ids[:%s]), or raise %s to %" PRId64, text_get(limit, "name"), text_get(limit, "name"),
		 text_get(limit, "name"), each[!few]);
	return true;
}

/* A loss that was given another number of labels than it has rows of logits. */
static bool
differ_in_number(const struct cause_facts *facts)
{
	return cause_disagrees(facts, "size") && strstr(facts->event->operation, "loss") && facts->mismatch->operand >= 0 &&
	       strcmp(cause_argument(facts, facts->mismatch->operand), "target") == 0;
}

static int
count_of(const struct operand *operand, int64_t size)
{
	int count = 0;

	for (int d = 0; d < operand->ndim; d++)
		count += operand->sizes[d] == size;
	return count;
}

/* The step of SIDE that left one of EACH positions (a pick, a mean, a pooling, what a recurrent layer ended with); NULL if none did. */
static const struct lineage_step *
left_one_of(const struct cause_side *side, int64_t each)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++) {
		const struct lineage_step *step = &side->lineage->steps[i];
		int place = rule_any(&step->event, "self input");

		if (place >= 0 && step->output < step->event.output_count &&
		    mismatch_is_any(step->event.operation, "select mean sum amax max logsumexp index gather index_select lstm gru adaptive_avg_pool1d adaptive_max_pool1d") &&
		    count_of(&step->event.operands[place], each) > count_of(&step->event.outputs[step->output], each))
			return step;
	}
	return NULL;
}

/* What made the labels: the oldest step of SIDE that does more than to bring a list over, to convert or to move it. */
static const struct lineage_step *
maker_of(const struct cause_side *side)
{
	for (int i = side->lineage->count - 1; i > 0; i--)
		if (!mismatch_is_any(side->lineage->steps[i].event.operation, "lift_fresh detach detach_ to _to_copy copy_ pin_memory contiguous alias view reshape flatten"))
			return &side->lineage->steps[i];
	return &side->lineage->steps[side->lineage->count - 1];
}

/* " in Collator.mask" of the function that STEP's line stands in. */
static void
add_function(const struct cause_facts *facts, struct text *text, const struct lineage_step *step)
{
	json_t *frames = facts->source ? where_site_frames(facts->source, facts->process, step->event.site) : NULL;
	const json_t *frame = frames && where_choose(frames) >= 0 ? json_array_get(frames, (size_t)where_choose(frames)) : NULL;

	if (frame && *text_get(frame, "function") && text_get(frame, "function")[0] != '<')
		text_add(text, " in %s", text_get(frame, "function"));
	json_decref(frames);
}

/* Needs: labels of whole sequences in one row, as many sequences as there are rows of logits, and a step on the logits' way that left one of
 * each sequence's positions. Both together are likely: what a label belongs to is another thing on the two sides. */
bool
cause_labels_per_token(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *labels = &facts->sides[0], *logits = &facts->sides[1];
	const struct lineage_step *left, *maker;
	int64_t rows, each;
	bool copied;

	if (!differ_in_number(facts) || !rows_of(labels, &rows, &each) || rows != logits->size || each < 2 || !(left = left_one_of(logits, each)))
		return false;
	maker = maker_of(labels);
	copied = mismatch_is_any(maker->event.operation, "clone") &&
		 cause_goes_through(logits, labels->lineage->steps[labels->lineage->count - 1].event.id);
	out->confidence = "likely";
	text_add(&out->text, "labels are one for each position, [%" PRId64 ", %" PRId64 "], from ", rows, each);
	cause_add_step(facts, &out->text, maker);
	add_function(facts, &out->text, maker);
	if (copied)
		text_add(&out->text, " (a copy of the tokens: labels for a language model)");
	text_add(&out->text, "; logits are one row for each sequence since ");
	cause_add_step(facts, &out->text, left);
	if (copied)
		text_add(&out->fix, "give it one label for each sequence, [%" PRId64 "], with the items themselves, and put the batch together by what only pads, not by "
			 "what makes labels of the tokens; or take a model that has logits for each token", rows);
	else
		text_add(&out->fix, "give it one label for each sequence, [%" PRId64 "]; or take a model that has logits for each of the %" PRId64 " positions", rows, each);
	return true;
}

/* Does SIDE's story leave out the first of its dimension (the shift of a language model's labels)? */
static bool
leaves_first(const struct cause_side *side)
{
	const struct lineage_step *shift = shift_of(side);
	struct slice slice;

	return shift && slice_read(&shift->event, &slice) && slice.dim == shift->dim && slice.start == 1;
}

/* Are the classes the tokens themselves: as many as the embedding of the input has rows, or are the labels, not the logits, shifted by one? */
static bool
predicts_tokens(const struct cause_facts *facts, const struct cause_side *labels, const struct cause_side *logits)
{
	const struct lineage_step *embedding = cause_step_any(logits, "embedding");
	int weight = embedding ? rule_tensor(&embedding->event, "weight") : -1;
	const struct operand *scores = logits->place >= 0 ? &facts->event->operands[logits->place] : NULL;

	if (weight < 0 || !scores || scores->ndim < 2)
		return false;
	return scores->sizes[scores->ndim - 1] == embedding->event.operands[weight].sizes[0] || (leaves_first(labels) && !leaves_first(logits));
}

/* The last layer with a weight on SIDE's way; NULL. */
static const struct lineage_step *
last_layer(const struct cause_side *side)
{
	for (int i = 0; side->lineage && i < side->lineage->count; i++)
		if (mismatch_is_any(side->lineage->steps[i].event.operation, "linear addmm conv1d convolution") && cause_weight_place(&side->lineage->steps[i].event) >= 0)
			return &side->lineage->steps[i];
	return NULL;
}

/* LAYER is called by a library's code and was made by the program itself: it was put in there: says so in TEXT. False if it wasn't. */
static bool
tell_put_in(const struct cause_facts *facts, const struct lineage_step *layer, struct text *text)
{
	const struct operand *weight = &layer->event.operands[cause_weight_place(&layer->event)];
	struct lineage *story = facts->source && weight->tensor > 0 && !where_is_own(facts->source, facts->process, layer->event.site) ? calloc(1, sizeof(*story)) : NULL;
	const struct lineage_step *made;
	bool put = false;

	if (!story)
		return false;
	lineage_walk_tensor(facts->source, facts->process, weight->tensor, layer->event.id, 0, LINEAGE_MAKER, story);
	made = story->count ? &story->steps[story->count - 1] : NULL;
	if (made && !made->entered && made->event.site >= 0 && where_is_own(facts->source, facts->process, made->event.site)) {
		put = true;
		text_add(text, "that layer was made by the program itself, by ");
		cause_add_line(facts, text, made, -1);
		text_add(text, ", and put in where the model had its own");
	}
	free(story);
	return put;
}

/* A loss was given logits [ROWS, EACH, classes] as they are, and a label for each of the ROWS? */
static bool
are_unpooled(const struct cause_facts *facts, int64_t *rows, int64_t *each)
{
	int self = cause_disagrees(facts, "rank") && cause_is_loss(facts) ? rule_tensor(facts->event, "self") : -1, target = self >= 0 ? rule_tensor(facts->event, "target") : -1;
	const struct operand *logits = target >= 0 ? &facts->event->operands[self] : NULL, *labels = target >= 0 ? &facts->event->operands[target] : NULL;

	if (!logits || logits->ndim != 3 || labels->ndim != 1 || labels->sizes[0] != logits->sizes[0] || !rule_is_integral(labels->dtype) || facts->sides[0].place != target)
		return false;
	*rows = logits->sizes[0];
	*each = logits->sizes[1];
	return true;
}

/* Needs: a row of logits for each position of each sequence, and as many labels in one row as there are sequences: a label for each. Both sizes of the logits are
 * recorded, and the labels are one of them: likely. (A language model's labels are its tokens: there the labels are what is wrong.) */
bool
cause_not_pooled(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *labels = &facts->sides[0], *logits = &facts->sides[1];
	const struct lineage_step *layer;
	int64_t rows, each;
	bool put;

	if (!are_unpooled(facts, &rows, &each) && (!differ_in_number(facts) || !rows_of(logits, &rows, &each) || rows != labels->size))
		return false;
	if (rows < 2 || each < 2 || !(layer = last_layer(logits)) || predicts_tokens(facts, labels, logits))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "logits are one row for each position, [%" PRId64 ", %" PRId64 ", ...], labels one for each sequence, [%" PRId64 "]: the sequence was never pooled. Last with "
		 "all %" PRId64 " positions: ", rows, each, rows, each);
	cause_add_line(facts, &out->text, layer, -1);
	put = tell_put_in(facts, layer, &out->evidence);
	if (put)
		text_add(&out->fix, "where the model's own head takes one position of each sequence, keep it and replace only its last layer (or give the model the number of classes where it "
			 "is made); else take one position (x[:, 0], or a mean over dimension 1) before that layer");
	else
		text_add(&out->fix, "take one position of each sequence (x[:, 0], the last one that isn't padding, or a mean over dimension 1) before that layer, or a model that makes one "
			 "row for each sequence");
	text_add(&out->fix, ", so that there are %" PRId64 " rows of logits. The labels stay as they are", rows);
	return true;
}

/* The step that made SIDE's sequences so long, of whole numbers (tokens, labels), by a line that is known; NULL. */
static const struct lineage_step *
numbers_of(const struct cause_side *side)
{
	const struct lineage_step *step = cause_decider(side);
	const struct operand *made = NULL;

	if (!step || step->possible || step->event.id < 0 || step->event.site < 0 || step->size < 1)
		return NULL;
	if (step->output >= 0 && step->output < step->event.output_count)
		made = &step->event.outputs[step->output];
	for (int i = 0; i < step->event.operand_count && !made; i++)
		made = step->event.operands[i].tensor == step->tensor ? &step->event.operands[i] : NULL;
	return made && made->dtype && rule_is_integral(made->dtype) ? step : NULL;
}

/* Is a limit known that explains the two lengths? */
static bool
limit_explains(const struct cause_facts *facts)
{
	struct cause cut = { .confidence = NULL }, beside = { .confidence = NULL };

	return tell_cut(facts, &cut) || (cause_made_beside(facts, &beside) && beside.setting);
}

/* Needs: labels and logits of as many sequences, the logits' from tokens that an embedding took; both lengths made by two lines of one function of the
 * program, and no limit that explains them. Labels belong to tokens: they follow them, whichever are more. */
bool
cause_labels_beside(const struct cause_facts *facts, struct cause *out)
{
	const struct cause_side *labels = &facts->sides[0], *logits = &facts->sides[1];
	const struct lineage_step *label, *token;
	int64_t rows[2], each[2], ignored = -100;
	char function[128];

	if (!differ_in_number(facts) || !facts->source || !rows_of(labels, &rows[0], &each[0]) || !rows_of(logits, &rows[1], &each[1]) || rows[0] != rows[1] ||
	    !cause_step_any(logits, "embedding") || !(label = numbers_of(labels)) || !(token = numbers_of(logits)) || label->size - token->size != each[0] - each[1] ||
	    where_same_line(facts->source, facts->process, label->event.site, token->event.site) ||
	    !cause_made_in(facts, label, token, function, sizeof(function)) || limit_explains(facts))
		return false;
	rule_int(facts->event, "ignore_index", &ignored);
	out->confidence = "likely";
	out->tells_news = true;
	text_add(&out->text, "labels and tokens are counted each for itself in %s: %" PRId64 " labels a sequence, by ", function, label->size);
	cause_add_line(facts, &out->text, label, -1);
	text_add(&out->text, ", %" PRId64 " tokens, by ", token->size);
	cause_add_step(facts, &out->text, token);
	text_add(&out->evidence, "%" PRId64 " = %" PRId64 " x %" PRId64 " against %" PRId64 " = %" PRId64 " x %" PRId64, labels->size, rows[0], each[0], logits->size, rows[1], each[1]);
	if (facts->calls && facts->agreed == facts->calls)
		text_add(&out->evidence, "; in %" PRId64 " earlier calls both came out alike", facts->calls);
	if (predicts_tokens(facts, labels, logits)) {
		text_add(&out->fix, "what is predicted are tokens (a language model): its labels are the tokens of its own input. Join what is given and what is to be answered in "
			 "input_ids where a sample is made, and make the labels a copy of it, with %" PRId64 " over what is given and over the padding: so both have one length; the shift "
			 "by one is the model's or the loss's", ignored);
		return true;
	}
	if (label->size < token->size)
		text_add(&out->fix, "make one label for each token where a sample is made: a word that the tokenizer splits has several tokens (word_ids() tells whose they are)");
	else
		text_add(&out->fix, "cut the labels as the tokens are cut (truncation), one label for each token that is left (word_ids() tells whose they are)");
	text_add(&out->fix, "; then pad them with %" PRId64 " to the tokens' %" PRId64 " (input_ids.shape[1]), not to their own longest. The tokens stay as they are: cut to the labels they "
		 "would be trained on other words' labels", ignored, token->size);
	return true;
}

/* Needs: a loss whose labels differ from the logits in number. Likely where just one of the two was shifted. */
bool
cause_logits(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct lineage_step *one, *other;
	int64_t apart;

	if (!differ_in_number(facts))
		return false;
	if (tell_cut(facts, out))
		return true;
	one = shift_of(&facts->sides[0]);
	other = shift_of(&facts->sides[1]);
	apart = mismatch->actual > mismatch->expected ? mismatch->actual - mismatch->expected : mismatch->expected - mismatch->actual;
	out->confidence = "possible";
	text_add(&out->text, "logits and labels differ in number: %" PRId64 " labels for %" PRId64 " rows of logits", mismatch->actual,
		 mismatch->expected);
	if (!one != !other && facts->sides[0].lineage && facts->sides[1].lineage && facts->sides[one ? 0 : 1].size + apart == facts->sides[one ? 1 : 0].size &&
	    mismatch->expected % apart == 0) {
		out->confidence = "likely";
		text_add(&out->text, "; only %s shifted, by ", one ? SAY("the labels were") : SAY("the logits was"));
		cause_add_step(facts, &out->text, one ? one : other);
		text_add(&out->fix, "shift both (logits[:, :-1] with labels[:, 1:]) or neither");
		return true;
	}
	for (int i = 0; i < 2; i++)
		if (cause_decider(&facts->sides[i])) {
			text_add(&out->evidence, "%sthe %" PRId64 " of the %s decided by ", out->evidence.used ? SAY("; ") : "", facts->sides[i].size,
				 i ? SAY("logits was") : SAY("labels was"));
			cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[i]));
		}
	text_add(&out->fix, "count labels and logits from the same length: shift and flatten both alike (logits[:, :-1] with labels[:, 1:]), extend the "
		 "labels where features were put into the sequence, round both the same way");
	return true;
}
