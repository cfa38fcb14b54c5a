#include "strides.h"

#include <string.h>

#include "../causes_tool.h"
#include "../../mismatch/mismatch_rule.h"
#include "../ways.h"

/* By which stride STEP divided FROM; 0: it is no strided layer, or did something else, too. */
static int64_t
stride_of(const struct lineage_step *step, int64_t from)
{
	int64_t over = 0, stride = 0, asked[RULE_INTS_MOST];

	if (strstr(step->event.operation, "upsample") && rule_ints(&step->event, "output_size", asked, RULE_INTS_MOST) < 1) { /* by a factor, which cuts a rest off */
		stride = from / step->size;
		return stride > 1 && from / stride == step->size ? stride : 0;
	}
	cause_rest(step, &over, &stride);
	return stride > 1 && over == from && (step->size == from / stride || step->size == (from + stride - 1) / stride) ? stride : 0;
}

/* By how much STEP multiplied FROM. */
static int64_t
scale_of(const struct lineage_step *step, int64_t from)
{
	const char *name = step->event.operation;

	return from > 0 && step->size % from == 0 && (strstr(name, "upsample") || strstr(name, "transpose") || strstr(name, "pixel_shuffle") ||
						     strstr(name, "repeat_interleave")) ? step->size / from : 0;
}

/* What a walk back has met: HOLD is the size that a view put into one with others, until another takes it out. */
struct walk { struct strides *out; int64_t hold, scaled, divided; };

/* Takes step N, which made another size than it was given; false where the size came in there. */
static bool
take(struct walk *walk, const struct lineage *lineage, int n, int met)
{
	const struct lineage_step *step = &lineage->steps[n];
	int64_t from = n + 1 < lineage->count ? lineage->steps[n + 1].size : -1, by;
	struct strides *out = walk->out;

	if (from > 0 && mismatch_is_any(step->event.operation, "view reshape flatten unflatten unsafe_view reshape_alias") &&
	    (!walk->hold || walk->hold == from)) {
		walk->hold = walk->hold ? 0 : step->size;
		return true;
	}
	if (walk->hold || from < 1 || out->count == STRIDES_MOST || out->path_count >= 2 * STRIDES_MOST)
		return false;
	if (from > step->size && (by = stride_of(step, from)) > 1 && !__builtin_mul_overflow(out->by, by, &out->by)) {
		out->each[out->count++] = by;
		walk->divided *= n < met ? by : 1;
		out->rounds = from % by ? n : out->rounds;
	} else if (from < step->size && n < met && !out->count && (by = scale_of(step, from)) > 1 && by < INT32_MAX && walk->scaled < INT32_MAX) {
		walk->scaled *= by;
	} else {
		return false;
	}
	out->path[out->path_count++] = from;
	return true;
}

static bool
read_side(const struct lineage *lineage, int met, struct strides *out)
{
	struct walk walk = { .out = out, .scaled = 1, .divided = 1 };
	int n = 0;

	out->by = out->path_count = 1;
	out->count = 0;
	out->rounds = -1;
	out->path[0] = lineage->steps[0].size;
	for (; n < lineage->count; n++) {
		const struct lineage_step *step = &lineage->steps[n];

		if (step->size < 1 || step->possible)
			return false;
		if (step->entered || (!(n + 1 < lineage->count && lineage->steps[n + 1].size == step->size) && !take(&walk, lineage, n, met)))
			break;
	}
	out->entry = n;
	if (n >= lineage->count || n < met || walk.hold || !(lineage->steps[n].decides || lineage->steps[n].entered))
		return false;
	out->entered = lineage->steps[n].size;
	return out->rounds >= 0 && out->rounds < met && walk.divided == walk.scaled && out->entered % out->by != 0;
}

bool
strides_find(const struct lineage *one, const struct lineage *other, struct strides *out)
{
	const struct lineage *sides[] = { one, other };
	struct ways ways;

	if (!one || !other || !one->count || !other->count)
		return false;
	ways_find(one, other, &ways);
	for (int i = 0; i < 2 && ways.met; i++) {
		if (!ways.sides[!i].known || ways.sides[!i].count || !read_side(sides[i], ways.sides[i].at, out))
			continue;
		out->side = i;
		return true;
	}
	return false;
}
