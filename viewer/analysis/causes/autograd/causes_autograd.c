/* Rules about autograd: leaves, gradients of hand-made functions, recomputation. */
#include <inttypes.h>
#include <string.h>

#include "../causes_tool.h"
#include "../code/code.h"
#include "../../history/usual.h"
#include "../../lineage/backward.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

/* Needs: property leaf, which PyTorch itself confirms. */
bool
cause_leaf(const struct cause_facts *facts, struct cause *out)
{
	const char *name;

	if (!cause_disagrees(facts, "leaf"))
		return false;
	name = cause_operand_name(facts, facts->mismatch->operand);
	out->confidence = "certain";
	text_add(&out->text, "%s writes into %s, a leaf that requires grad (or a view of one), which autograd forbids", facts->event->operation, name);
	if (cause_decided_by(&facts->sides[0], "embedding")) {
		text_add(&out->text, "; it is the output of an embedding that was made a leaf (frozen weights, and requires_grad_ for checkpointing: "
			 "enable_input_require_grads)");
		if (!cause_add_asked(facts, &out->text, "enable_input_require_grads("))
			cause_add_asked(facts, &out->text, "requires_grad_(");
		text_add(&out->fix, "clone the embeddings before writing into them (inputs_embeds = inputs_embeds.clone()), or put the features in out of "
			 "place (masked_scatter, torch.where)");
	} else {
		text_add(&out->fix, "clone the leaf before writing, build the result out of place (torch.where, index_copy, masked_scatter), "
			 "or write under torch.no_grad() if no gradient is wanted");
	}
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "made by ");
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	return true;
}

/* Where two shapes part; -1 if they don't, -2 if one has other dimensions. */
static int
parting(const int64_t *one, int a, const int64_t *other, int b)
{
	if (a != b)
		return -2;
	for (int d = 0; d < a; d++)
		if (one[d] != other[d])
			return d;
	return -1;
}

/* Needs: autograd's own check of what a tensor's hook returned. */
bool
cause_hook_changed(const struct cause_facts *facts, struct cause *out)
{
	static const char mark[] = "has changed the size of value";
	const char *at = facts->message ? strstr(facts->message, mark) : NULL, *name = at ? strchr(facts->message, '\'') : NULL;

	if (!cause_is_raised(facts) || !at || !name || name > at)
		return false;
	out->confidence = "certain";
	text_add(&out->text, "the hook %.*s returns a gradient of another shape than the one it was given (register_hook)",
		 (int)(strcspn(name + 1, "'") + 2 < 80 ? strcspn(name + 1, "'") + 2 : 80), name);
	text_add(&out->fix, "return a gradient of the same shape, or nothing where the hook only looks at it (return None leaves it as it is)");
	return true;
}

/* Can a gradient of shape GOT be what broadcasting an input of shape WANTED brings, to be summed? */
static bool
sums_to(const int64_t *got, int a, const int64_t *wanted, int b)
{
	if (b > a)
		return false;
	for (int d = 1; d <= b; d++)
		if (got[a - d] != wanted[b - d] && wanted[b - d] != 1)
			return false;
	return true;
}

static bool
is_turned(const int64_t *got, int a, const int64_t *wanted, int b)
{
	return a == 2 && b == 2 && got[0] == wanted[1] && got[1] == wanted[0] && got[0] != got[1];
}

/* Needs: the engine's own count of what a hand-made backward returned. */
bool
cause_gradient_count(const struct cause_facts *facts, struct cause *out)
{
	const char *at = facts->message ? strstr(facts->message, "returned an incorrect number of gradients (expected ") : NULL;
	int64_t wanted, got;
	char node[96];

	if (!cause_is_raised(facts) || !at || !text_number(&at, &wanted) || !text_number(&at, &got) || wanted == got ||
	    !cause_message_word(facts->message, "unction ", node, sizeof(node)))
		return false;
	if (strlen(node) > 8 && strcmp(node + strlen(node) - 8, "Backward") == 0)
		node[strlen(node) - 8] = 0;
	out->confidence = "certain";
	text_add(&out->text, "%s.backward returns %" PRId64 " gradients, and %s.forward takes %" PRId64 " arguments: there must be one for each", node, got, node,
		 wanted);
	if (got < wanted)
		text_add(&out->fix, "return %" PRId64 " values from %s.backward, None for each argument that needs no gradient (numbers, flags, shapes)", wanted, node);
	else
		text_add(&out->fix, "return %" PRId64 " values from %s.backward, one for each argument of its forward after ctx", wanted, node);
	return true;
}

/* NODE is PyTorch's own ("TBackward0"), which nobody can repair and which fits what its input is now: the input was changed behind
 * autograd's back. */
static bool
gradient_of_changed(const char *node, const int64_t *got, int a, const int64_t *wanted, int b, struct cause *out)
{
	size_t size = strlen(node);

	if (!size || node[size - 1] < '0' || node[size - 1] > '9')
		return false;
	out->confidence = "likely";
	text_add(&out->text, "a tensor that needs a gradient was given another size behind autograd's back (.data =, set_, resize_): a gradient of ");
	text_add_sizes(&out->text, got, a);
	text_add(&out->text, " comes back (%s), and autograd still knows it as ", node);
	text_add_sizes(&out->text, wanted, b);
	text_add(&out->fix, "after a change of size make a new Parameter (module.weight = nn.Parameter(smaller)) instead of writing into .data, and "
		 "make the optimizer anew; let nothing of the graph from before live on (outputs, losses, hooks)");
	return true;
}

/* Both were as large in every earlier call, and only the input is another now: the gradient's size doesn't follow the input's. NODE is the function. */
static bool
tell_fixed(const struct cause_facts *facts, struct cause *out, const char *node, int dim)
{
	const struct lineage_step *gradient = cause_decider(&facts->sides[0]);
	const struct lineage_step *input = facts->sides[1].lineage && facts->sides[1].lineage->count ? &facts->sides[1].lineage->steps[0] : NULL;
	struct usual returned, given;

	if (!gradient || gradient->event.id < 0 || !input || input->event.id < 0 || input->entered || input->dim != dim || !cause_made_before(facts, gradient, &returned) ||
	    !cause_made_before(facts, input, &given))
		return false;
	if (!usual_is_steady(&returned) || !usual_is_steady(&given) || returned.largest != gradient->size || given.largest != gradient->size || given.same)
		return false;
	text_add(&out->text, "; both were %" PRId64 " in the %" PRId64 " calls before, and only the input is another now: the gradient's size is fixed and does not follow it",
		 gradient->size, given.calls < returned.calls ? given.calls : returned.calls);
	text_add(&out->fix, "take the size from the input in %s.forward (x.shape[%d], kept in ctx) and make the gradient by that in its backward; a number that was given "
		 "once, as a batch size, fits full batches alone (else drop_last=True)", node, dim);
	return true;
}

/* The gradient has more rows, or fewer, for they were repeated by counts that were bounded. */
static bool
tell_repeated(const struct cause_facts *facts, struct cause *out, int64_t wanted)
{
	struct text clause = {{0}, 0};
	bool proven = false;

	if (!cause_tell_bounded_counts(facts, &facts->sides[0], wanted, &clause, &out->fix, &proven))
		return false;
	text_add(&out->text, ": %s", clause.data);
	out->tells_news = true;
	return true;
}

/* The gradient was put together of chunks that leave out the rest. */
static bool
tell_chunks(const struct cause_facts *facts, struct cause *out, int64_t got, int64_t wanted)
{
	struct cause chunks = { .confidence = NULL };

	if (!cause_tell_chunks(facts, &facts->sides[0], got, wanted, &chunks))
		return false;
	text_add(&out->text, ": %s", chunks.text.data);
	text_add(&out->fix, "%s", chunks.fix.data);
	out->setting = chunks.setting ? chunks.setting : out->setting;
	return true;
}

#define CUTS_LOOKED 512

/* The newest slice in a function's forward that made GOT of WANTED in a dimension. */
struct forward_cut { const struct cause_facts *facts; char function[128]; int dim; int64_t got, wanted, looked; struct event event; bool found; };

static bool
look_at_cut(const struct event *event, void *context)
{
	struct forward_cut *cut = context;
	int self = rule_tensor(event, "self");
	json_t *frames;

	if (self >= 0 && event->output_count == 1 && event->site >= 0 && event->operands[self].ndim > cut->dim && event->outputs[0].ndim > cut->dim &&
	    event->operands[self].sizes[cut->dim] == cut->wanted && event->outputs[0].sizes[cut->dim] == cut->got) {
		frames = where_site_frames(cut->facts->source, cut->facts->process, event->site);
		for (size_t i = 0; i < json_array_size(frames) && !cut->found; i++)
			cut->found = text_ends(text_get(json_array_get(frames, i), "function"), cut->function);
		json_decref(frames);
		cut->event = *event;
	}
	return !cut->found && ++cut->looked < CUTS_LOOKED;
}

/* The forward of NODE takes no more of its input than the gradient is of: says where, and what the gradient of the rest is. */
static bool
tell_forward_cut(const struct cause_facts *facts, struct cause *out, const char *node, int dim, int64_t got, int64_t wanted)
{
	const struct event asked = { .id = facts->before, .site = -1, .operation = "aten::slice" };
	struct forward_cut cut = { .facts = facts, .dim = dim, .got = got, .wanted = wanted };
	struct lineage_step step = { .dim = dim, .size = got };

	if (!facts->source || dim < 0 || got >= wanted)
		return false;
	text_format(cut.function, sizeof(cut.function), "%s.forward", node);
	facts->source->each_call(facts->source->context, facts->process, &asked, look_at_cut, &cut);
	if (!cut.found)
		return false;
	step.event = cut.event;
	text_add(&out->evidence, "%sits forward leaves out %" PRId64 " of the %" PRId64 ": ", out->evidence.used ? SAY("; ") : "", wanted - got, wanted);
	cause_add_line(facts, &out->evidence, &step, -1);
	text_add(&out->fix, "return a gradient of the input's shape from %s.backward: zeros (torch.nn.functional.pad of the gradient) for the %" PRId64 " that its forward leaves out, by ",
		 node, wanted - got);
	cause_add_event(facts, &out->fix, &cut.event);
	return true;
}

/* Is it known that NODE's forward was given no tensor of the shape of the gradient, and made none? Then it is no other input's gradient. */
static bool
takes_no_such(const struct cause_facts *facts, const char *node, const int64_t *got, int count)
{
	const struct lineage *input = facts->sides[1].lineage;
	struct operand shape = { .ndim = count, .sizes = got };

	return facts->source && input && input->count && input->steps[0].event.id >= 0 &&
	       backward_forward_has(facts->source, facts->process, node, &shape, input->steps[0].event.id, facts->before) == 0;
}

/* Needs: the engine's own check of a node's gradient, with two shapes that differ. */
bool
cause_gradient_shape(const struct cause_facts *facts, struct cause *out)
{
	int64_t got[CAUSE_SHAPE_MOST], wanted[CAUSE_SHAPE_MOST];
	int a = cause_message_shape(facts->message, 0, got), b = cause_message_shape(facts->message, 1, wanted), dim;
	char node[96];

	if (!facts->message || !strstr(facts->message, "invalid gradient at index") || a < 0 || b < 0 ||
	    !cause_message_word(facts->message, "Function ", node, sizeof(node)))
		return false;
	dim = parting(got, a, wanted, b);
	if (dim == -1)
		return false;
	if (gradient_of_changed(node, got, a, wanted, b, out))
		return true;
	if (strlen(node) > 8 && strcmp(node + strlen(node) - 8, "Backward") == 0)
		node[strlen(node) - 8] = 0;
	out->confidence = "certain";
	text_add(&out->text, "the backward of %s returns a gradient of ", node);
	text_add_sizes(&out->text, got, a);
	text_add(&out->text, " for an input of ");
	text_add_sizes(&out->text, wanted, b);
	if (dim >= 0) {
		out->setting = cause_named_number(facts, got[dim], cause_limits);
		if (out->setting && !cause_is_limit(facts, out->setting))
			out->setting = NULL;
		text_add(&out->text, ": %" PRId64 " instead of %" PRId64 " in dimension %d", got[dim], wanted[dim], dim);
		if (out->setting)
			text_add(&out->evidence, "%" PRId64 " is %s", got[dim], text_get(out->setting, "name"));
	}
	if (cause_decider(&facts->sides[0])) {
		text_add(&out->evidence, "%sit was made by ", out->evidence.used ? SAY("; ") : "");
		cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
	}
	if (dim >= 0 && !is_turned(got, a, wanted, b) && (tell_repeated(facts, out, wanted[dim]) ||
	    tell_chunks(facts, out, got[dim], wanted[dim]) || tell_fixed(facts, out, node, dim) || tell_forward_cut(facts, out, node, dim, got[dim], wanted[dim])))
		return true;
	if (is_turned(got, a, wanted, b))
		text_add(&out->fix, "transpose the gradient that %s.backward returns: it has the input's sizes in the other order (of a matrix product: grad.t() @ x, not "
			 "x.t() @ grad)", node);
	else if (cause_decided_by(&facts->sides[0], "sum mean amax logsumexp"))
		text_add(&out->fix, "sum the gradient in %s.backward over the other dimensions: over those that the forward broadcast, none that the input has",
			 node);
	else if (!sums_to(got, a, wanted, b) && (dim == -2 || got[dim] > wanted[dim]) && takes_no_such(facts, node, got, a))
		text_add(&out->fix, "return a gradient of the input's shape from %s.backward: none of its forward's inputs has the one that is returned; see what made it so", node);
	else if (!sums_to(got, a, wanted, b) && (dim == -2 || got[dim] > wanted[dim]))
		text_add(&out->fix, "return the gradients of %s.backward in the order of its forward's inputs, each of its input's shape (None for what "
			 "needs none); this one can't be summed to that input's shape", node);
	else if (dim >= 0 && got[dim] < wanted[dim] && cause_step_any(&facts->sides[0], "cat concat concatenate stack"))
		text_add(&out->fix, "return a gradient of the input's shape from %s.backward: it is put together of pieces, and %" PRId64 " of the input's %" PRId64 " are in none "
			 "of them; see which the forward leaves out", node, wanted[dim] - got[dim], wanted[dim]);
	else if (dim >= 0 && got[dim] < wanted[dim] && cause_step_any(&facts->sides[0], "index index_select masked_select"))
		text_add(&out->fix, "return a gradient of the input's shape from %s.backward: make zeros of that shape, and assign what was computed at the index by which the "
			 "forward took it (full = torch.zeros_like(input); full[index] = gradient): what it left out may lie anywhere", node);
	else if (dim >= 0 && got[dim] < wanted[dim])
		text_add(&out->fix, "return a gradient of the input's shape from %s.backward: where the forward cut the input, put zeros "
			 "(torch.nn.functional.pad by %" PRId64 ")", node, wanted[dim] - got[dim]);
	else
		text_add(&out->fix, "return a gradient of the input's shape from %s.backward: where the forward broadcast or expanded it, sum over those "
			 "dimensions", node);
	return true;
}

/* Needs: checkpoint's own exception; its two shapes, or two counts, differ. */
bool
cause_recomputation(const struct cause_facts *facts, struct cause *out)
{
	int64_t saved[CAUSE_SHAPE_MOST], again[CAUSE_SHAPE_MOST];
	const char *after = facts->message ? strstr(facts->message, "saved metadata") : NULL;
	int a = cause_message_shape(after, 0, saved), b = cause_message_shape(after, 1, again), dim;

	if (!facts->type || !strstr(facts->type, "CheckpointError"))
		return false;
	dim = a > 0 && b > 0 ? parting(saved, a, again, b) : -1;
	out->confidence = "likely";
	text_add(&out->text, "the checkpointed block does not compute the same when it is recomputed for the backward");
	if (facts->mismatch) {
		text_add(&out->text, ": %s", facts->mismatch->text);
		if (cause_decider(&facts->sides[0])) {
			text_add(&out->evidence, "the recomputed size was decided by ");
			cause_add_step(facts, &out->evidence, cause_decider(&facts->sides[0]));
			text_add(&out->evidence, "; ");
		}
	} else if (dim >= 0) {
		text_add(&out->text, ": %" PRId64 " in dimension %d first, %" PRId64 " again", saved[dim], dim, again[dim]);
	}
	if (a > 0 && b > 0 && dim != -1) {
		text_add(&out->evidence, "saved ");
		text_add_sizes(&out->evidence, saved, a);
		text_add(&out->evidence, ", recomputed ");
		text_add_sizes(&out->evidence, again, b);
	}
	if (cause_decider(&facts->sides[0]))
		cause_tell_recomputed(facts, cause_decider(&facts->sides[0]), out);
	if (!out->fix.used)
		text_add(&out->fix, "make the block depend on its inputs alone: no counter, cache, mode or flag that changes between forward and backward, and no "
			 "random choice that isn't repeated (preserve_rng_state=True, and torch's own generator); or decide sizes outside and pass them in");
	return true;
}

/* Needs: a loss among the locals that doesn't require grad, where backward is refused for that. */
static bool
is_loss_without_grad(const json_t *local, void *context)
{
	(void)context;
	return strstr(text_get(local, "name"), "loss") && json_is_false(json_object_get(local, "requires_grad")) &&
	       json_array_size(json_object_get(local, "shape")) == 0 && json_object_get(local, "shape");
}

bool
cause_no_grad(const struct cause_facts *facts, struct cause *out)
{
	const json_t *loss;
	int64_t trainable = 0;
	bool known = false;

	if (!cause_is_raised(facts) || !facts->message || !strstr(facts->message, "does not require grad and does not have a grad_fn"))
		return false;
	loss = cause_local(facts, is_loss_without_grad, NULL);
	for (size_t i = 0; i < json_array_size(facts->modules); i++) {
		const json_t *many = json_object_get(json_array_get(facts->modules, i), "trainable");

		known = known || json_is_integer(many);
		trainable += json_is_integer(many) ? json_integer_value(many) : 0;
	}
	out->confidence = loss || known ? "likely" : "possible";
	text_add(&out->text, "%s is cut off from every parameter that is trained", loss ? text_get(loss, "name") : SAY("the loss"));
	if (known && !trainable)
		text_add(&out->text, ": nothing in the model is trainable (requires_grad is False everywhere)");
	text_add(&out->fix, "%s", known && !trainable
		 ? SAY("unfreeze what is to be trained (requires_grad_(True), adapters included)")
		 : SAY("look for torch.no_grad(), .detach(), .item() or argmax on the way from the model to the loss; with reentrant checkpointing and frozen "
		       "embeddings: model.enable_input_require_grads() or use_reentrant=False"));
	return true;
}
