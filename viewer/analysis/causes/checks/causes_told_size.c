/* Rules about sizes that a check of Python's tells: with the one that it wants, or that they must be alike. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "../causes_tool.h"
#include "schema/box.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

/* The first whole number after one of the COUNT WORDS, each looked for in turn; AT gets where it was found. */
static bool
number_after(const char *message, const char *const *words, size_t count, int64_t *out, const char **at)
{
	for (size_t i = 0; i < count; i++) {
		const char *found = strcasestr(message, words[i]);

		if (!found)
			continue;
		found += strlen(words[i]);
		*at = found;
		if (text_number(at, out))
			return true;
	}
	return false;
}

/* "expects ... 120, but found 100": what is wanted and what there is. */
static bool
told_pair(const char *message, int64_t *wanted, int64_t *is)
{
	static const char *const asks[] = { "expect", "should be", "must be", "should have", "must have" };
	static const char *const finds[] = { "but found", "but got", "but received", "but is", "but has", "found", "got ", "received", "instead of" };
	const char *at = message;
	int64_t shape[CAUSE_SHAPE_MOST];

	return message && cause_message_shape(message, 0, shape) < 0 && number_after(message, asks, sizeof(asks) / sizeof(*asks), wanted, &at) &&
	       number_after(at, finds, sizeof(finds) / sizeof(*finds), is, &at) && *wanted != *is && *wanted > 1 && *is > 1;
}

#define SIZE_COMMON 16 /* up to this, another tensor may have it by chance */

struct sized { const char *message; int64_t is, wanted; int dim; };

/* A tensor with just one dimension of the size that was found, and none of the one that is wanted; called by name where that is small. */
static bool
is_sized(const json_t *local, void *context)
{
	const json_t *shape = json_object_get(local, "shape");
	struct sized *sized = context;
	int count = 0;

	for (size_t d = 0; d < json_array_size(shape); d++) {
		if (cause_local_size(local, d) == sized->wanted)
			return false;
		if (cause_local_size(local, d) == sized->is) {
			sized->dim = (int)d;
			count++;
		}
	}
	if (sized->is <= SIZE_COMMON && (!*text_get(local, "name") || !strstr(sized->message, text_get(local, "name"))))
		return false;
	return count == 1 && strcmp(text_get(local, "kind"), "tensor") == 0 && json_integer_value(json_object_get(local, "tensor")) > 0;
}

/* Needs: a message that tells what is expected and what was found, a tensor of the failing frames that has the latter as one size, and who decided
 * that. */
bool
cause_told_size(const struct cause_facts *facts, struct cause *out)
{
	struct sized sized = { .message = facts->message, .dim = -1 };
	const struct lineage_step *step;
	struct lineage *lineage;
	const json_t *local;

	if (!cause_is_raised(facts) || facts->mismatch || !facts->source || !told_pair(facts->message, &sized.wanted, &sized.is))
		return false;
	local = cause_local(facts, is_sized, &sized);
	if (!local || !(lineage = calloc(1, sizeof(*lineage))))
		return false;
	lineage_walk_tensor(facts->source, facts->process, json_integer_value(json_object_get(local, "tensor")), facts->before, sized.dim, LINEAGE_SIZE, lineage);
	step = lineage->decider >= 0 ? &lineage->steps[lineage->decider] : NULL;
	if (step) {
		out->confidence = !step->possible && where_is_own(facts->source, facts->process, step->event.site) ? "likely" : "possible";
		text_add(&out->text, "%s has %" PRId64 " in dimension %d where the check asks for %" PRId64 "; decided by ", text_get(local, "name"), sized.is, sized.dim, sized.wanted);
		cause_add_line(facts, &out->text, step, sized.is);
		out->setting = cause_only_number(facts, sized.wanted);
		if (out->setting)
			text_add(&out->evidence, "%" PRId64 " is %s", sized.wanted, text_get(out->setting, "name"));
		text_add(&out->fix, "make it %" PRId64 " there (%s what goes in, or set its length), or build what checks it for %" PRId64, sized.wanted,
			 sized.is < sized.wanted ? SAY("pad") : SAY("cut"), sized.is);
	}
	free(lineage);
	return step != NULL;
}

/* Needs: default_collate's own check that the lists which it was given are of one length. */
bool
cause_told_lists(const struct cause_facts *facts, struct cause *out)
{
	if (!cause_is_raised(facts) || facts->mismatch || !facts->message || !strstr(facts->message, "each element in list of batch should be of equal size") ||
	    !cause_runs_in(facts, "/torch/utils/data/_utils/collate.py"))
		return false;
	out->confidence = "likely";
	text_add(&out->text, "the samples of this batch hold plain lists of unequal length, and there is no collate_fn that pads them: default_collate puts together only what is of one "
		 "length");
	text_add(&out->fix, "give the DataLoader a collate_fn that pads (torch.nn.utils.rnn.pad_sequence, a tokenizer's pad), or bring the lists to one length where a sample is made; with a "
		 "batch of 1 they would come out transposed");
	return true;
}

/* Needs: the word of torch.from_numpy that an array runs backwards, or of autograd that a tensor is one of inference mode. */
bool
cause_told_view(const struct cause_facts *facts, struct cause *out)
{
	if (!facts->message)
		return false;
	if (strstr(facts->message, "given numpy array") && strstr(facts->message, "negative")) {
		out->confidence = "certain";
		text_add(&out->text, "the numpy array is a view that runs backwards (a flip, [::-1], np.rot90): a tensor can't have negative strides");
		text_add(&out->fix, "copy it before it becomes a tensor: torch.from_numpy(array.copy()), or np.ascontiguousarray where it is turned (samples that aren't turned come without it)");
		return true;
	}
	if (!strstr(facts->message, "Inference tensors cannot be saved for backward"))
		return false;
	out->confidence = "certain";
	text_add(&out->text, "a tensor that was made under torch.inference_mode() is used in training (a cache or buffer that was filled, or grew, in an evaluation and was kept; features that were computed so)");
	for (int i = 0; facts->event && facts->source && i < facts->event->operand_count; i++) {
		struct event maker;
		int output;

		if (facts->event->operands[i].tensor <= 0 || facts->event->operands[i].flags & BOX_TENSOR_GRAD ||
		    !facts->source->maker(facts->source->context, facts->process, facts->event->operands[i].tensor, facts->event->id, &maker, &output) || maker.grad)
			continue;
		text_add(&out->text, ": %s, by ", cause_operand_name(facts, i));
		cause_add_step(facts, &out->text, &(struct lineage_step){ .event = maker, .dim = -1, .size = -1 });
		break;
	}
	text_add(&out->fix, "evaluate under torch.no_grad() instead of inference_mode(), make what is kept anew for training, or clone() it there");
	return true;
}
