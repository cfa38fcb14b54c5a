#include "taken.h"

#include <string.h>

#include "../../mismatch/mismatch_rule.h"

#define RECENT_MOST 8192 /* operations: the last batch of an evaluation is among them */
#define LINES_MOST 64
#define CALLS_MOST 65536
#define CALLS_LEAST 2

struct line { int64_t event /* newest call */, site; bool takes, alike; };
struct lines { const struct lineage_step *entry; int count; struct line lines[LINES_MOST]; };
struct sums { const struct taken *wanted; int64_t left, of, calls, each; bool found; };

/* How many rows EVENT left of how many; false if it is none that takes some along dimension 0 alone. */
static bool
rows_of(const struct event *event, int64_t *left, int64_t *of)
{
	int self = mismatch_is_any(event->operation, "slice narrow index index_select") ? rule_any(event, "self input") : -1;
	const struct operand *is = self >= 0 ? &event->operands[self] : NULL, *made = event->output_count == 1 ? event->outputs : NULL;

	if (!is || !made || is->ndim < 1 || is->ndim != made->ndim || strcmp(event->status, "ok") != 0)
		return false;
	for (int d = 1; d < is->ndim; d++)
		if (is->sizes[d] != made->sizes[d])
			return false;
	*left = made->sizes[0];
	*of = is->sizes[0];
	return *left <= *of;
}

/* Has what EVENT made the rows of what came in? */
static bool
is_alike(const struct event *event, const struct lineage_step *entry)
{
	const struct operand *came = entry->output < entry->event.output_count ? &entry->event.outputs[entry->output] : NULL, *made = event->outputs;

	if (!came || came->ndim != made->ndim)
		return false;
	for (int d = 1; d < came->ndim; d++)
		if (came->sizes[d] != made->sizes[d])
			return false;
	return true;
}

/* The newest call of each line that leaves rows of what it is given, and whether it ever takes some off. */
static bool
add_line(const struct event *event, void *context)
{
	struct lines *lines = context;
	int64_t left, of;
	int at = 0;

	if (event->id >= lines->entry->event.id || event->site < 0 || !rows_of(event, &left, &of))
		return true;
	while (at < lines->count && lines->lines[at].site != event->site)
		at++;
	if (at == LINES_MOST)
		return true;
	if (at == lines->count)
		lines->lines[lines->count++] = (struct line){ .event = event->id, .site = event->site, .alike = is_alike(event, lines->entry) };
	lines->lines[at].takes = lines->lines[at].takes || left < of;
	return true;
}

/* One call more; false once it is all, or too much. */
static bool
add_call(const struct event *event, void *context)
{
	struct sums *sums = context;
	int64_t left, of;

	if (!rows_of(event, &left, &of))
		return false;
	sums->each = !sums->calls ? of - left : sums->each == of - left ? sums->each : 0;
	sums->left += left;
	sums->of += of;
	sums->found = ++sums->calls >= CALLS_LEAST && sums->left == sums->wanted->is && sums->of == sums->wanted->was;
	return !sums->found && sums->left <= sums->wanted->is && sums->of < sums->wanted->was && sums->calls < CALLS_MOST;
}

const struct lineage_step *
taken_entry(const struct lineage *side)
{
	for (int i = 0; side && i < side->count; i++)
		if (side->steps[i].entered)
			return !side->steps[i].possible && side->steps[i].dim == 0 && side->steps[i].event.id >= 0 ? &side->steps[i] : NULL;
	return NULL;
}

/* What the other side has where this one has IS: both may have been flattened since. */
static int64_t
rows_beside(const struct lineage *other, int64_t size, int64_t others, int64_t is)
{
	const struct lineage_step *entry = taken_entry(other);
	int64_t rows = entry ? entry->size : others;

	if (size == is)
		return entry && entry->size != others ? 0 : others;
	return rows > 0 && is > 0 && size % is == 0 && others % rows == 0 && size / is == others / rows ? rows : 0;
}

/* Do the calls of LINE come to what is wanted? */
static bool
comes_to(const struct source *source, int process, const struct line *line, struct taken *out)
{
	struct sums sums = { .wanted = out };

	if (!line->takes || !source->event(source->context, process, line->event, &out->event))
		return false;
	if (add_call(&out->event, &sums))
		source->each_call(source->context, process, &out->event, add_call, &sums);
	out->calls = sums.calls;
	out->each = sums.each;
	return sums.found;
}

bool
taken_find(const struct source *source, int process, const struct lineage *const sides[2], const int64_t sizes[2], struct taken *out)
{
	for (int i = 0; i < 2; i++) {
		struct lines lines = { .entry = taken_entry(sides[i]) };

		if (!lines.entry || sizes[i] < 1 || sizes[i] >= sizes[!i])
			continue;
		*out = (struct taken){ .side = i, .is = lines.entry->size };
		out->was = rows_beside(sides[!i], sizes[i], sizes[!i], out->is);
		if (out->is < 1 || out->was <= out->is)
			continue;
		source->each_recent(source->context, process, RECENT_MOST, add_line, &lines);
		for (int n = 0; n < 2 * lines.count; n++) /* those that make what came in first */
			if (lines.lines[n % lines.count].alike == (n < lines.count) && comes_to(source, process, &lines.lines[n % lines.count], out))
				return true;
	}
	return false;
}
