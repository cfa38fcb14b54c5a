/* A rule about a layer that was built beside another one's weight, for the wrong one of its two sizes. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../../where.h"

#define LOOKED_MOST 2000 /* calls of an operation that are looked through */
#define TENSORS_MOST 4096 /* of the first of a process: its models' weights are among them */

/* What stands beside the layer: its row of the modules, how its weight is kept, and where that was made. */
struct beside { const json_t *row; int64_t sizes[2]; int64_t site; bool in_out; };

/* Is the component at NAME one of those that PATTERN's stands for ("0-11")? Both end at a dot or with the text. */
static bool
is_component(const char *pattern, size_t size, const char *name, size_t length)
{
	char *end;
	long first = strtol(pattern, &end, 10), last, is;

	if (size == length && strncmp(pattern, name, size) == 0)
		return true;
	if (end == pattern || *end != '-' || (size_t)(end - pattern) >= size)
		return false;
	last = strtol(end + 1, &end, 10);
	if (end != pattern + size)
		return false;
	is = strtol(name, &end, 10);
	return end == name + length && length && is >= first && is <= last;
}

/* Is PATH, a row's, a child of the module that holds MODULE, and another than that? */
static bool
is_beside(const char *path, const char *module)
{
	for (;;) {
		size_t size = strcspn(path, "."), length = strcspn(module, ".");

		if (!path[size] || !module[length])
			return !path[size] && !module[length] && !is_component(path, size, module, length);
		if (!is_component(path, size, module, length))
			return false;
		path += size + 1;
		module += length + 1;
	}
}

/* Has each module of ROW a weight of A times B, and no more than a bias with it? */
static bool
has_weight(const json_t *row, int64_t a, int64_t b)
{
	int64_t modules = json_integer_value(json_object_get(row, "modules")), each = json_integer_value(json_object_get(row, "parameters")), weight;

	if (modules < 1 || each % modules || __builtin_mul_overflow(a, b, &weight))
		return false;
	each = each / modules - weight;
	return each == 0 || each == a || each == b;
}

struct look { const int64_t *sizes; const char *names; int64_t tensor, looked; };

static bool
look_at_weight(const struct event *event, void *context)
{
	struct look *look = context;

	for (int i = 0; i < event->operand_count; i++) {
		const struct operand *is = &event->operands[i];

		if (is->ndim == 2 && is->tensor > 0 && memcmp(is->sizes, look->sizes, 2 * sizeof(*look->sizes)) == 0 && is->name && text_among(look->names, is->name))
			look->tensor = is->tensor;
	}
	return look->tensor < 1 && ++look->looked < LOOKED_MOST;
}

/* Was a tensor of OUT->sizes that is still there among the first that were made, before the one called NEWER? Events may be gone by then. */
static bool
find_live(const struct cause_facts *facts, int64_t newer, struct beside *out)
{
	for (int64_t tensor = 1; tensor < newer && tensor <= TENSORS_MOST; tensor++) {
		const struct operand *is;
		struct live_tensor live;

		if (!facts->source->live_tensor(facts->source->context, facts->process, tensor, &live) || live.made.entered || live.made.output_count != 1)
			continue;
		is = &live.made.outputs[0];
		if (is->ndim != 2 || memcmp(is->sizes, out->sizes, 2 * sizeof(*out->sizes)) != 0 || live.made.site < 0)
			continue;
		out->site = live.made.site;
		return true;
	}
	return false;
}

/* Was a weight of OUT->sizes met before, as one that is kept so? Where it was made. */
static bool
find_weight(const struct cause_facts *facts, struct beside *out)
{
	static const struct { const char *operation, *name; bool in_out; } uses[] = {
		{ "aten::addmm", "mat2", true }, { "aten::matmul", "other", true }, { "aten::mm", "mat2", true }, { "aten::linear", "weight", false },
	};
	struct operand like = { .ndim = 2, .sizes = out->sizes };
	struct live_tensor live;
	struct event made;
	int output;

	for (size_t i = 0; i < sizeof(uses) / sizeof(*uses); i++) {
		const struct event anywhere = { .id = facts->event->id, .site = -1, .operation = uses[i].operation, .overload = "", .parent = -1, .scope = -1, .phase = "other" };
		struct look look = { .sizes = out->sizes, .names = uses[i].name };

		if (uses[i].in_out != out->in_out)
			continue;
		facts->source->each_call(facts->source->context, facts->process, &anywhere, look_at_weight, &look);
		if (look.tensor < 1)
			continue;
		if (facts->source->maker(facts->source->context, facts->process, look.tensor, facts->event->id, &made, &output))
			out->site = made.site;
		else if (facts->source->live_tensor(facts->source->context, facts->process, look.tensor, &live))
			out->site = live.made.site;
		else
			continue;
		return out->site >= 0;
	}
	if (!lineage_made_so(facts->source, facts->process, facts->event->id, &like, true, &made, NULL, 0))
		return find_live(facts, facts->event->operands[facts->mismatch->against].tensor, out);
	out->site = made.site;
	return out->site >= 0;
}

/* Was it made by other code than what built the layer, which was made at SITE? Then it was there before, and was wrapped. */
static bool
is_made_elsewhere(const struct cause_facts *facts, const struct beside *beside, int64_t site)
{
	json_t *building = where_site_frames(facts->source, facts->process, site), *making = where_site_frames(facts->source, facts->process, beside->site);
	const json_t *builder = json_array_get(building, (size_t)where_choose(building));
	bool elsewhere = builder && json_array_size(making) && text_get(builder, "function")[0] != '<' && !where_is_among(making, builder);

	json_decref(building);
	json_decref(making);
	return elsewhere;
}

/* Finds what stands beside the layer, has a weight of GIVEN and BUILT, and was there before. */
static bool
find_beside(const struct cause_facts *facts, const char *module, int64_t given, int64_t built, int64_t site, struct beside *out)
{
	const json_t *row;
	size_t i;

	json_array_foreach(facts->modules, i, row) {
		if (!is_beside(text_get(row, "module"), module) || !has_weight(row, given, built))
			continue;
		for (int turned = 0; turned < 2; turned++) {
			*out = (struct beside){ .row = row, .sizes = { turned ? built : given, turned ? given : built }, .in_out = !turned, .site = -1 };
			if (find_weight(facts, out) && is_made_elsewhere(facts, out, site))
				return true;
		}
	}
	return false;
}

/* Needs: a linear layer that was built for another width than it is given; beside it, in the module that holds it, one that was made before and elsewhere,
 * whose weight has both widths as its sizes: the layer was built by that weight, and by its output for its input. */
bool
cause_other_size(const struct cause_facts *facts, struct cause *out)
{
	const struct mismatch *mismatch = facts->mismatch;
	const struct lineage_step *built;
	const char *module = cause_module(facts), *last = module ? strrchr(module, '.') : NULL, *name;
	struct beside beside;

	if (!cause_disagrees(facts, "size") || !facts->source || !last || !cause_is(facts, "linear") || mismatch->operand < 0 || mismatch->against < 0 ||
	    strcmp(cause_argument(facts, mismatch->operand), "input") != 0 || mismatch->actual < 2 || mismatch->actual == mismatch->expected)
		return false;
	built = cause_decider(&facts->sides[1]);
	if (!built || built->event.site < 0 || !find_beside(facts, module, mismatch->actual, mismatch->expected, built->event.site, &beside))
		return false;
	out->confidence = "likely";
	name = strrchr(text_get(beside.row, "module"), '.') + 1;
	text_add(&out->text, "the layer %s was built for %" PRId64 " features and is given %" PRId64 ": %" PRId64 " is what %.*s%s beside it gives, and %" PRId64 " what that takes: its "
		 "weight [%" PRId64 ", %" PRId64 "] is kept as %s (%s)", module, mismatch->expected, mismatch->actual, mismatch->expected, (int)(last - module + 1), module, name,
		 mismatch->actual, beside.sizes[0], beside.sizes[1], beside.in_out ? "[in, out]" : "[out, in]", text_get(beside.row, "class"));
	text_add(&out->evidence, "the layer was built by ");
	cause_add_line(facts, &out->evidence, built, -1);
	text_add(&out->fix, "build it with in_features=%" PRId64 ", the weight's shape[%d], and what goes to its output with %" PRId64 ", its shape[%d]", mismatch->actual,
		 beside.in_out ? 0 : 1, mismatch->expected, beside.in_out ? 1 : 0);
	if (beside.in_out)
		text_add(&out->fix, " (the other way round than nn.Linear keeps it: ask which class it is, as fan_in_fan_out does)");
	return true;
}
