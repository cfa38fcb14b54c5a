/* Operations by their schema. See operation.h. */
#include <string.h>

#include "../schema/fingerprint.h"
#include "box.h"
#include "carry.h"
#include "dictionary.h"
#include "operation.h"
#include "sample.h"
#include "torch.h"
#include "written.h"

#define LIST_LIMIT 1024
#define LIST_LIMIT_MULTI 16 /* _foreach_ and _fused_: whole parameter lists, alike by construction */

/* Arguments whose integers are amounts: recording them would make every new amount a new signature. */
static const char *const number_names[] = {
	"alpha", "beta", "value", "other", "exponent", "min", "max", "fill_value", "negative_slope", "p", "eps", "lambd",
	"threshold", "seed", "q", "scale", "zero_point", "mean", "std", "from", "to", "low", "high", "weight", "scalar",
	"lr", "step_count", "maximum",
};

/* Operations whose nested operations carry what a report needs: the row count of a mask, the parts of a loss. A trailing
 * '*' matches any rest. Operations outside PyTorch's own libraries always record their children. */
static const char *const with_children[] = {
	"aten::index", "aten::index_put*", "aten::_index_put_impl_", "aten::masked_*", "aten::unique*", "aten::where",
	"aten::cross_entropy_loss", "aten::nll_loss*", "aten::binary_cross_entropy*", "aten::mse_loss",
	"aten::smooth_l1_loss", "aten::huber_loss", "aten::kl_div", "aten::*_loss", "aten::einsum",
	"aten::scaled_dot_product_attention",
};

/* A launch of these can run out of bounds because of what the program handed in. */
static const char *const index_takers[] = {
#define INDEX_OPERATION(name) name,
#include "../schema/index_operations.def"
#undef INDEX_OPERATION
};

static const char *const own_libraries[] = {
	"aten::", "prim::", "prims::", "c10d::", "c10d_functional::", "_c10d_functional::", "profiler::", "inductor::",
	"quantized::", "mkldnn::", "mkl::", "onednn::", "sparse::", "rngprims::", "debugprims::", "symm_mem::",
};

struct operation operation_facts[BOX_OPS_MAX];

static bool
matches(const char *pattern, const char *name)
{
	if (!strncmp(pattern, "aten::*", 7)) { /* a tail */
		size_t tail = strlen(pattern + 7), size = strlen(name);
		return size > tail && !strcmp(name + size - tail, pattern + 7);
	}
	const char *star = strchr(pattern, '*');
	return star ? !strncmp(pattern, name, (size_t)(star - pattern)) : !strcmp(pattern, name);
}

static bool
is_own(const char *name)
{
	for (size_t i = 0; i < sizeof own_libraries / sizeof own_libraries[0]; i++)
		if (!strncmp(name, own_libraries[i], strlen(own_libraries[i])))
			return true;
	return false;
}

static bool
is_among(const char *const *patterns, size_t count, const char *name)
{
	for (size_t i = 0; i < count; i++)
		if (matches(patterns[i], name))
			return true;
	return false;
}

#define IS_AMONG(patterns, name) is_among(patterns, sizeof patterns / sizeof patterns[0], name)

static bool
is_number(const struct torch_string *name)
{
	for (size_t i = 0; i < sizeof number_names / sizeof number_names[0]; i++)
		if (name->size == strlen(number_names[i]) && !memcmp(name->text, number_names[i], name->size))
			return true;
	return false;
}

/* The argument names of SCHEMA, comma-separated, into TEXT; NUMBERS gets the mask, WEIGHT (from 1) which is called that. Returns how
 * many arguments. */
static uint16_t
read_arguments(const char *schema, char *text, size_t room, uint64_t *numbers, uint32_t *weight)
{
	const char *const *vector = (const char *const *)(schema + 2 * torch.string_bytes); /* after name and overload */
	size_t used = 0, count = 0;

	*numbers = 0;
	text[0] = 0;
	if (!torch.argument_bytes)
		return 0;
	for (const char *at = vector[0]; at < vector[1]; at += torch.argument_bytes, count++) {
		struct torch_string name = torch_string_at(at, torch.string_bytes);
		if (count < 64 && is_number(&name))
			*numbers |= 1ull << count;
		if (name.size == 6 && !memcmp(name.text, "weight", 6))
			*weight = (uint32_t)count + 1;
		if (used + name.size + 2 > room)
			continue;
		if (count)
			text[used++] = ',';
		memcpy(text + used, name.text, name.size);
		used += name.size;
		text[used] = 0;
	}
	return (uint16_t)count;
}

static uint32_t
add(const void *schema)
{
	struct torch_string full = torch_string_at(schema, torch.string_bytes);
	struct torch_string overload = torch_string_at((const char *)schema + torch.string_bytes, torch.string_bytes);
	char name[256], arguments[2048];
	struct box_op op = { 0 };
	struct operation facts = { 0 };

	size_t size = full.size < sizeof name - 1 ? full.size : sizeof name - 1;
	memcpy(name, full.text, size);
	name[size] = 0;
	op.argument_count = read_arguments(schema, arguments, sizeof arguments, &facts.numbers, &op.weight);
	op.name = dictionary_string(name, size);
	op.overload = dictionary_string(overload.text, overload.size);
	op.argument_names = dictionary_string(arguments, strlen(arguments));
	facts.asks = !strcmp(name, "aten::_has_compatible_shallow_copy_type");
	facts.children = IS_AMONG(with_children, name) || !is_own(name);
	facts.takes_index = IS_AMONG(index_takers, name);
	facts.sample = (uint8_t)sample_of(name);
	facts.collective = fingerprint_is_collective(name);
	facts.print = fingerprint_bytes(fingerprint_bytes(3, name, size), overload.text, overload.size);
	facts.written = (uint8_t)written_of(name);
	facts.carry = (uint8_t)carry_of(name);
	facts.looked_at = facts.sample || facts.written;
	facts.ignored = !strncmp(name, "profiler::", 10);
	facts.list_limit = !strncmp(name, "aten::_foreach", 14) || !strncmp(name, "aten::_fused", 12)
			   || !strncmp(name, "aten::_amp_foreach", 18) ? LIST_LIMIT_MULTI : LIST_LIMIT;
	op.flags = (uint16_t)((facts.children ? BOX_OP_CHILDREN : 0)
			      | (size && name[size - 1] == '_' ? BOX_OP_IN_PLACE : 0));
	uint32_t ref = dictionary_op_add(schema, &op);
	if (ref != BOX_NONE && ref < BOX_OPS_MAX)
		operation_facts[ref] = facts;
	return ref;
}

uint64_t operation_recent[1u << OPERATION_RECENT];
_Static_assert(BOX_OPS_MAX <= 1u << OPERATION_REFERENCE, "a reference fits");

void
operation_forget(void)
{
	memset(operation_recent, 0, sizeof operation_recent);
}

uint32_t
operation_look_up(const void *schema, uint64_t *place)
{
	uint32_t reference = dictionary_op_find(schema);

	if (reference == BOX_NONE)
		reference = add(schema);
	if (reference >= BOX_OPS_MAX)
		return BOX_NONE;
	__atomic_store_n(place, (uintptr_t)schema << OPERATION_REFERENCE | reference, __ATOMIC_RELEASE);
	return reference;
}
