/* Tensors like those that were recorded, and the variables that hold them. */
#include <inttypes.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "../knowledge.h"
#include "../lineage/lineage.h"
#include "../mismatch/mismatch_rule.h"
#include "../mismatch/operand.h"
#include "repro_parts.h"
#include "schema/box.h"

#define DIMS_MOST 64
#define CHILDREN_MOST 32
#define MAKERS_MOST 8

/* Words that can't be a variable here: Python's, and what the program uses. */
static const char taken[] = "torch range and as assert async await break class continue def del elif else except finally for from global if "
			    "import in is lambda nonlocal not or pass raise return try while with yield None True False";

const char *
repro_named(const struct repro *repro, int64_t tensor)
{
	for (int i = 0; i < repro->name_count && tensor > 0; i++)
		if (repro->names[i].tensor == tensor)
			return repro->names[i].name;
	return NULL;
}

const char *
repro_name(struct repro *repro, const char *wanted, int64_t tensor)
{
	char plain[40];
	size_t used = 0;
	int again = 1;

	if (repro->name_count == REPRO_NAMES_MOST) {
		repro_refuse(repro, "more tensors take part than %d lines hold", REPRO_LINES_MOST);
		return NULL;
	}
	for (; *wanted && used + 1 < sizeof(plain); wanted++) {
		char c = *wanted;
		bool letter = c == '_' || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

		if (letter || (c >= '0' && c <= '9' && used))
			plain[used++] = c;
		else if (used && plain[used - 1] != '_' && wanted[1])
			plain[used++] = '_';
	}
	plain[used] = 0;
	if (!used || text_among(taken, plain))
		text_format(plain, sizeof(plain), "%s", "x");
	text_format(repro->names[repro->name_count].name, sizeof(repro->names[0].name), "%s", plain);
	for (int i = 0; i < repro->name_count; i++)
		if (strcmp(repro->names[i].name, repro->names[repro->name_count].name) == 0) {
			text_format(repro->names[repro->name_count].name, sizeof(repro->names[0].name), "%s_%d", plain, ++again);
			i = -1;
		}
	repro->names[repro->name_count].tensor = tensor;
	return repro->names[repro->name_count++].name;
}

enum repro_grad
repro_grad(struct repro *repro, const struct operand *operand, int64_t before)
{
	const json_t *local = operand_local(repro->frames, operand->tensor);
	const json_t *grad = json_object_get(local, "requires_grad"), *leaf = json_object_get(local, "is_leaf");
	struct event maker;
	int output, writes;
	bool views = false;

	if (!rule_is_floating(operand->dtype) || !(operand->flags & BOX_TENSOR_GRAD))
		return REPRO_PLAIN;
	if (json_is_boolean(grad) && json_is_boolean(leaf))
		return json_is_false(grad) ? REPRO_PLAIN : json_is_true(leaf) ? REPRO_LEAF : REPRO_MADE;
	for (int i = 0; i < MAKERS_MOST; i++) {
		const struct operand *base = NULL;

		if (!lineage_maker(repro->source, repro->failure->process, operand->tensor, before, LINEAGE_MAKER, &maker, &output, &writes))
			return views ? REPRO_MADE : REPRO_LEAF;
		for (int k = 0; k < maker.operand_count && !base; k++)
			base = maker.operands[k].tensor > 0 ? &maker.operands[k] : NULL;
		before = maker.id;
		if (base && base->tensor == operand->tensor)
			continue; /* it was handed back as it came */
		if (!base || strstr(maker.operation, "_like") || strstr(maker.operation, "::new_"))
			return views ? REPRO_MADE : REPRO_LEAF; /* made from nothing, and then told to require it */
		if (strstr(maker.operation, "::detach") || strstr(maker.operation, "::alias"))
			return views ? REPRO_MADE : repro->leaf || !(base->flags & BOX_TENSOR_GRAD) ? REPRO_LEAF : REPRO_PLAIN;
		if (!mismatch_is_view(maker.operation))
			return maker.grad ? REPRO_MADE : REPRO_LEAF;
		if (!(base->flags & BOX_TENSOR_GRAD))
			return REPRO_PLAIN; /* a view has autograd's metadata of its own */
		operand = base;
		views = true;
	}
	return REPRO_MADE;
}

/* Sizes of what OPERAND was expanded from; FACTOR gets how many times each element appears. */
static void
base_sizes(const struct operand *operand, int64_t sizes[DIMS_MOST], int64_t *factor)
{
	*factor = 1;
	for (int d = 0; d < operand->ndim; d++) {
		bool expanded = operand->strides && operand->strides[d] == 0 && operand->sizes[d] > 1;

		sizes[d] = expanded ? 1 : operand->sizes[d];
		*factor *= expanded ? operand->sizes[d] : 1;
	}
}

static bool
is_contiguous(const struct operand *operand, const int64_t sizes[DIMS_MOST])
{
	int64_t wanted = 1;

	for (int d = operand->ndim - 1; d >= 0 && operand->strides; d--) {
		if (sizes[d] == 0)
			return true;
		if (sizes[d] != 1 && operand->strides[d] != wanted)
			return false;
		wanted *= sizes[d];
	}
	return true;
}

static int64_t
count_of(const json_t *summary, const char *key, int64_t fallback)
{
	const json_t *value = json_object_get(summary, key);

	return json_is_integer(value) ? json_integer_value(value) : fallback;
}

/* "[7] * 3" for the list expression in OUT. */
static void
add_values(struct text *out, int64_t value, int64_t times, bool *any)
{
	if (times <= 0)
		return;
	repro_add(out, "%s[%" PRId64 "]", *any ? " + " : "", value);
	if (times > 1)
		repro_add(out, " * %" PRId64, times);
	*any = true;
}

/* Integers with the recorded smallest, largest, and numbers of negative, ignored and zero ones. The one that the message tells
 * comes first, or in its place. */
static void
add_integers(struct repro *repro, const json_t *summary, int64_t factor, int64_t elements, struct text *out)
{
	int64_t smallest = count_of(summary, "min", 0), largest = count_of(summary, "max", 0), told;
	int64_t negative = count_of(summary, "negative", 0) / factor, zero = count_of(summary, "zero", 0) / factor;
	int64_t ignored = count_of(summary, "ignored", 0) / factor, rest = elements - negative - zero;
	const char *at = repro->failure->message ? repro->failure->message : "";
	bool any = false, first = false;

	if (json_is_true(json_object_get(summary, "sorted")) && count_of(summary, "distinct", -1) == elements && largest - smallest == elements - 1) {
		repro_add(out, "torch.arange(%" PRId64 ", %" PRId64, smallest, largest + 1);
		return;
	}
	while (text_number(&at, &told) && !json_is_true(json_object_get(summary, "sorted")))
		first = first || (told == largest && rest > 0);
	repro_add(out, "torch.tensor(");
	told = repro_told_place(repro, largest);
	if (told >= 0 && told < elements && !negative) { /* alone, so that no other is met before it */
		add_values(out, smallest, told, &any);
		add_values(out, largest, 1, &any);
		add_values(out, smallest, elements - told - 1, &any);
		return;
	}
	told = repro_told_label(repro, smallest, largest);
	if (told >= 0 && rest > 1) { /* neither the smallest nor the largest */
		add_values(out, told, 1, &any);
		rest--;
	}
	if (first)
		add_values(out, largest, 1, &any);
	add_values(out, -100, ignored, &any);
	add_values(out, smallest, smallest < 0 ? negative - ignored : 0, &any);
	add_values(out, 0, zero, &any);
	if (smallest > 0 && smallest != largest)
		add_values(out, smallest, rest - first > 1 ? 1 : 0, &any);
	add_values(out, largest, rest - first - (smallest > 0 && smallest != largest && rest - first > 1), &any);
	if (!any)
		repro_add(out, "[]");
}

/* True in as many places, row by row where the rows were counted. */
static bool
add_truths(const json_t *summary, int64_t factor, const int64_t *sizes, int ndim, int64_t elements, struct text *out)
{
	const json_t *rows = json_object_get(summary, "rows");
	int64_t trues = count_of(summary, "true", 0) / factor, width = ndim ? elements / (sizes[0] ? sizes[0] : 1) : 1;

	if (ndim > 1 && (int64_t)json_array_size(rows) == sizes[0] && sizes[0] > 1 && out->used + 16 * json_array_size(rows) < 800) {
		repro_add(out, "torch.arange(%" PRId64 ") < torch.tensor([", width);
		for (size_t i = 0; i < json_array_size(rows); i++)
			repro_add(out, "%s[%" PRId64 "]", i ? ", " : "", (int64_t)json_integer_value(json_array_get(rows, i)) / factor);
		repro_add(out, "])");
		return ndim == 2;
	}
	repro_add(out, "torch.arange(%" PRId64 ") < %" PRId64, elements, trues);
	return ndim == 1;
}

/* How many of a mask are True, where nobody counted them but the operation itself; -1. */
static int64_t
count_within(struct repro *repro, const struct event *event, const struct operand *mask)
{
	struct event children[CHILDREN_MOST];
	struct mismatch_facts facts = { .event = event, .children = children, .message = repro->failure->message };
	bool from_message;

	facts.child_count = repro->source->children(repro->source->context, repro->failure->process, event->id, children, CHILDREN_MOST);
	return mismatch_mask_count(&facts, (int)(mask - event->operands), &from_message);
}

/* Integers and masks: their contents decide. */
static void
counted_tensor(struct repro *repro, const struct event *event, const struct operand *operand, struct text *out)
{
	const json_t *summary = knowledge_summary(operand->tensor, repro->counts, repro->frames);
	bool truth = strcmp(operand->dtype, "bool") == 0, shaped = operand->ndim == 1, wrapped = false, plain_device;
	int64_t sizes[DIMS_MOST], factor, elements = 1, trues;
	json_t *made = NULL;

	base_sizes(operand, sizes, &factor);
	plain_device = strcmp(operand->device, "cpu") == 0;
	for (int d = 0; d < operand->ndim; d++)
		elements *= sizes[d];
	if (!json_is_integer(json_object_get(summary, truth ? "true" : "negative")))
		summary = NULL;
	if (!summary && truth && (trues = count_within(repro, event, operand)) >= 0)
		summary = made = json_pack("{s:I}", "true", (json_int_t)trues);
	if (!is_contiguous(operand, sizes)) {
		wrapped = true;
		repro_add(out, "torch.empty_strided(");
		text_add_sizes(out, sizes, operand->ndim);
		repro_add(out, ", ");
		text_add_sizes(out, operand->strides, operand->ndim);
		repro_add(out, ", dtype=torch.%s", operand->dtype);
		if (!plain_device)
			repro_add(out, ", device=\"%s\"", operand->device);
		repro_add(out, ").copy_(");
	}
	if (!summary) {
		repro_add(out, "torch.zeros(");
		text_add_sizes(out, sizes, operand->ndim);
		repro_add(out, ", dtype=torch.%s", operand->dtype);
		shaped = true;
		if (!plain_device)
			repro_add(out, ", device=\"%s\"", operand->device);
		repro_add(out, ")");
		if (elements)
			repro_note(repro, "%s holds zeros: its values were not counted", operand->name);
	} else if (truth) {
		struct text truths = {{0}, 0};

		shaped = add_truths(summary, factor, sizes, operand->ndim, elements, &truths);
		repro_add(out, shaped && plain_device && factor == 1 ? "%s" : "(%s)", truths.data);
		if (!plain_device)
			repro_add(out, ".to(\"%s\")", operand->device);
	} else {
		add_integers(repro, summary, factor, elements, out);
		if (strcmp(operand->dtype, "int64") != 0 || !elements)
			repro_add(out, ", dtype=torch.%s", operand->dtype);
		if (!plain_device)
			repro_add(out, ", device=\"%s\"", operand->device);
		repro_add(out, ")");
	}
	if (!shaped) {
		repro_add(out, ".view(");
		text_add_sizes(out, sizes, operand->ndim);
		repro_add(out, ")");
	}
	if (wrapped)
		repro_add(out, ")");
	if (factor != 1) {
		repro_add(out, ".expand(");
		text_add_sizes(out, operand->sizes, operand->ndim);
		repro_add(out, ")");
	}
	json_decref(made);
}

static void
floating_tensor(const struct repro *repro, const struct operand *operand, enum repro_grad grad, struct text *out)
{
	const char *value = repro_told_value(repro, operand);
	int64_t sizes[DIMS_MOST], factor;
	bool contiguous;

	base_sizes(operand, sizes, &factor);
	contiguous = value || is_contiguous(operand, sizes);
	repro_add(out, value ? "torch.full(" : contiguous ? "torch.zeros(" : "torch.empty_strided(");
	text_add_sizes(out, sizes, operand->ndim);
	if (value)
		repro_add(out, ", %s", value);
	if (!contiguous) {
		repro_add(out, ", ");
		text_add_sizes(out, operand->strides, operand->ndim);
	}
	if (strcmp(operand->dtype, "float32") != 0)
		repro_add(out, ", dtype=torch.%s", operand->dtype);
	if (strcmp(operand->device, "cpu") != 0)
		repro_add(out, ", device=\"%s\"", operand->device);
	repro_add(out, "%s)", grad != REPRO_PLAIN ? ", requires_grad=True" : "");
	if (factor != 1) {
		repro_add(out, ".expand(");
		text_add_sizes(out, operand->sizes, operand->ndim);
		repro_add(out, ")");
	} else if (grad == REPRO_MADE) {
		repro_add(out, ".clone()");
	}
}

/* "bfloat16", "cuda:0": what the file says goes into a program. */
static bool
is_plain(const char *name)
{
	return name && *name && !name[strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_:")];
}

bool
repro_tensor(struct repro *repro, const struct event *event, const struct operand *operand, enum repro_grad grad, struct text *out)
{
	size_t before = out->used;

	if (operand->ndim < 0 || operand->ndim > DIMS_MOST || (operand->flags & (BOX_TENSOR_OPAQUE | BOX_TENSOR_BATCHED | BOX_TENSOR_PYTHON)))
		return repro_refuse(repro, "%s of %s is a %s: its own code has a part in it", operand->name, event->operation,
				    operand->flags & BOX_TENSOR_BATCHED ? "tensor of vmap or another transform"
				    : operand->flags & BOX_TENSOR_PYTHON ? "subclass of Tensor" : "tensor without plain sizes");
	if (!operand->layout || strcmp(operand->layout, "strided") != 0)
		return repro_refuse(repro, "%s of %s is a %s tensor, of which only the sizes are recorded", operand->name, event->operation,
				    operand->layout ? operand->layout : "special");
	if (!is_plain(operand->dtype) || strcmp(operand->dtype, "unknown") == 0 || !is_plain(operand->device) || strstr(operand->device, "unknown"))
		return repro_refuse(repro, "the dtype or device of %s isn't one that this shapebox knows", operand->name);
	if (strncmp(operand->device, "privateuseone", 13) == 0)
		return repro_refuse(repro, "%s is on a vendor's device (%s), which PyTorch alone doesn't have", operand->name, operand->device);
	if (rule_is_integral(operand->dtype) || strcmp(operand->dtype, "bool") == 0)
		counted_tensor(repro, event, operand, out);
	else
		floating_tensor(repro, operand, grad, out);
	if (strcmp(operand->device, "cpu") != 0 && strcmp(operand->device, "meta") != 0 && !strstr(repro->devices.data, operand->device))
		repro_add(&repro->devices, "%s%s", repro->devices.used ? ", " : "", operand->device);
	repro->grads = repro->grads || grad != REPRO_PLAIN;
	return out->used + 1 < sizeof(out->data) || out->used < before ||
	       repro_refuse(repro, "%s is too long for a program", operand->name);
}

/* What a program would call OPERAND: its variable, where that is a plain one, or the argument. */
static const char *
wanted_name(const struct repro *repro, const struct operand *operand)
{
	const char *variable = text_get(operand_local(repro->frames, operand->tensor), "name");

	if (*variable && strncmp(variable, "self", 4) != 0 && strlen(variable) < 32)
		return variable;
	return strcmp(operand->name, "self") == 0 ? "input" : operand->name;
}

const char *
repro_operand(struct repro *repro, const struct event *event, const struct operand *operand, enum repro_relation related)
{
	const char *name = repro_named(repro, operand->tensor);
	struct event maker;
	struct text made = {{0}, 0};
	enum repro_grad grad;
	int output, writes;
	bool borrowed;

	if (name)
		return name;
	grad = repro_grad(repro, operand, event->id);
	if (grad != REPRO_LEAF && related != REPRO_ALONE && lineage_maker(repro->source, repro->failure->process, operand->tensor, event->id, LINEAGE_MAKER, &maker, &output, &writes) &&
	    (related == REPRO_WITH_MAKER || mismatch_is_view(maker.operation)) && repro_callable(&maker) && maker.operand_count && maker.operands[0].tensor > 0 && maker.id < event->id) {
		if (!repro_operand(repro, &maker, &maker.operands[0], mismatch_is_view(maker.operation) ? related : REPRO_ALONE) || !repro_call(repro, &maker, &made))
			return NULL;
		if (maker.output_count > 1)
			repro_add(&made, "[%d]", output);
		name = repro_name(repro, wanted_name(repro, operand), operand->tensor);
		return name && repro_statement(repro, &maker, name, made.data) ? name : NULL;
	}
	if (!repro_tensor(repro, event, operand, grad, &made))
		return NULL;
	name = repro_name(repro, wanted_name(repro, operand), operand->tensor);
	borrowed = repro_writes(event, operand) && repro->failure->message && strstr(repro->failure->message, "storage that is not resizable");
	if (borrowed)
		repro_note(repro, "%s lies in another's memory, which can't be resized: whose it was isn't recorded", name ? name : operand->name);
	return name && repro_line(repro, borrowed ? "%s = torch.from_dlpack(%s)" : "%s = %s", name, made.data) ? name : NULL;
}
