/*
 * Sizes that differ between ranks although no rank varies them by itself.
 *
 * Every operation is known by its call site, name, and occurrence within its step. What a size of it was when it was met
 * first is compared with all that follow, in each member. A size that a member varies by itself is usual. So is one that
 * differs from the first time on (shards, partitions, padding, a batch of the rank's own), except where it is a
 * parameter's, the number of tensors that an optimizer updates, or where two runs are compared.
 */
#include "diff_parts.h"

#include <stdlib.h>
#include <string.h>

#include "../../../schema/fingerprint.h"

#define ENTRIES_MOST 2000000
#define SIZES_MOST 1024 /* numbers of one operation */
#define SEEN_LEAST 2    /* so often a member must have had a size before its change means anything */

struct dimension {
	int epoch, same;      /* in member EPOCH: how often it was as usual while others of the operation were not */
	bool varied, other;   /* in that member: counted as varying; as different from its first time on */
	int64_t own;          /* the value it has there instead */
	int varying, persistent;
	int member, seen;     /* the first that varied */
	int64_t step, event, size;
	bool same_step;       /* all that varied did so in that step */
};

struct entry {
	uint64_t key, content;
	int64_t *sizes;
	int count, epoch, seen, members;
	int64_t event;        /* in the member that it was met in first */
	int member;
	enum brief_phase phase;
	struct dimension *dimensions; /* count + 1: the last is their number; NULL: nothing ever differed */
};

struct occurrence { uint64_t control; int64_t step; uint64_t count; };
struct known { int64_t id; int64_t *sizes; int count; };

struct learner {
	struct entry *entries;
	struct occurrence *occurrences;
	struct known *known;   /* sizes of signatures of the present member */
	uint64_t entry_room, entry_count, occurrence_room, occurrence_count, known_room, known_count;
	const struct member *member;
	int epoch;
	bool failed;
	int64_t scratch[SIZES_MOST];
};

/* --- three tables of the same kind: open addressing, doubled when half full ------------------------------------- */

#define TABLE(type, name, field, is_free) \
	static struct type *name##_find(struct type *table, uint64_t room, uint64_t key) \
	{ \
		for (uint64_t at = key * 0x9e3779b97f4a7c15ull >> 16;; at++) { \
			struct type *item = &table[at & (room - 1)]; \
			if (is_free || (uint64_t)item->field == key) \
				return item; \
		} \
	} \
	static struct type *name##_get(struct type **table, uint64_t *room, uint64_t *count, uint64_t key) \
	{ \
		if (*count * 2 >= *room) { \
			uint64_t more = *room ? *room * 2 : 1024; \
			struct type *grown = calloc(more, sizeof *grown); \
			if (!grown) \
				return NULL; \
			for (uint64_t i = 0; i < *room; i++) { \
				struct type *item = &(*table)[i]; \
				if (!(is_free)) \
					*name##_find(grown, more, (uint64_t)item->field) = *item; \
			} \
			free(*table); \
			*table = grown; \
			*room = more; \
		} \
		return name##_find(*table, *room, key); \
	}

TABLE(entry, entry, key, item->key == 0)
TABLE(occurrence, occurrence, control, item->control == 0)
TABLE(known, known, id, item->id == 0)

/* Sizes of signature ID. A missing one has none. */
static const struct known *
known_sizes(struct learner *learner, int64_t id)
{
	static const struct known none = { 0 };
	struct known *known;
	int count;

	if (id < 1)
		return &none;
	known = known_get(&learner->known, &learner->known_room, &learner->known_count, (uint64_t)id);
	if (!known) {
		learner->failed = true;
		return &none;
	}
	if (known->id)
		return known;
	count = trace_sizes(learner->member->trace, learner->member->process, id, learner->scratch, SIZES_MOST / 2);
	*known = (struct known){ .id = id, .sizes = malloc(((size_t)count + 1) * sizeof *known->sizes), .count = count };
	learner->known_count++;
	if (known->sizes)
		memcpy(known->sizes, learner->scratch, (size_t)count * sizeof *known->sizes);
	else
		known->count = 0;
	return known;
}

/* Inputs, then outputs, in SCRATCH. */
static int
sizes_of(struct learner *learner, const struct brief *brief)
{
	struct known in = *known_sizes(learner, brief->signature), out = *known_sizes(learner, brief->output);

	if (in.count)
		memcpy(learner->scratch, in.sizes, (size_t)in.count * sizeof *in.sizes);
	if (out.count)
		memcpy(learner->scratch + in.count, out.sizes, (size_t)out.count * sizeof *out.sizes);
	return in.count + out.count;
}

static uint64_t
occurrence_of(struct learner *learner, const struct brief *brief)
{
	struct occurrence *occurrence = occurrence_get(&learner->occurrences, &learner->occurrence_room,
						       &learner->occurrence_count, brief->control | 1);

	if (!occurrence) {
		learner->failed = true;
		return 0;
	}
	learner->occurrence_count += occurrence->control == 0;
	if (occurrence->control == 0 || occurrence->step != brief->step)
		*occurrence = (struct occurrence){ brief->control | 1, brief->step, 0 };
	return occurrence->count++;
}

static void
dimension_differs(struct learner *learner, struct entry *entry, struct dimension *dimension, const struct brief *brief,
		  int64_t size)
{
	int seen = entry->seen + dimension->same;

	if (dimension->varied || (dimension->other && dimension->own == size))
		return;
	if (!dimension->other && seen == 0) { /* so from its first time on, as far as is known */
		dimension->other = true;
		dimension->own = size;
		if (dimension->persistent++ == 0 && dimension->varying == 0) {
			dimension->member = learner->epoch;
			dimension->step = brief->step;
			dimension->event = brief->id;
			dimension->size = size;
		}
		return;
	}
	dimension->varied = true;
	dimension->persistent -= dimension->other;
	if (dimension->varying++ == 0) {
		dimension->member = learner->epoch;
		dimension->seen = seen;
		dimension->step = brief->step;
		dimension->event = brief->id;
		dimension->size = size;
		dimension->same_step = true;
	} else if (dimension->step != brief->step)
		dimension->same_step = false;
}

/* Back to what others have after having been different from the first: it varies. */
static void
dimension_returns(struct learner *learner, struct entry *entry, struct dimension *dimension, const struct brief *brief)
{
	if (dimension->other && !dimension->varied) {
		dimension->other = false;
		dimension->persistent--;
		dimension->same++;
		dimension_differs(learner, entry, dimension, brief, dimension->own);
	}
	dimension->same++;
}

/* What was left by an exception, or not at all, has no outputs: its inputs alone are compared. */
static bool
is_part(const struct brief *brief)
{
	return brief->failed || brief->open;
}

static void
entry_compare(struct learner *learner, struct entry *entry, const struct brief *brief)
{
	int count = sizes_of(learner, brief);
	bool part = is_part(brief) && count <= entry->count;

	if (!entry->dimensions && !(entry->dimensions = calloc((size_t)entry->count + 1, sizeof *entry->dimensions))) {
		learner->failed = true;
		return;
	}
	for (int i = 0; i <= entry->count && !(part && i >= count); i++) {
		struct dimension *dimension = &entry->dimensions[i];

		if (dimension->epoch != learner->epoch) {
			dimension->epoch = learner->epoch;
			dimension->same = 0;
			dimension->varied = dimension->other = false;
		}
		if (count != entry->count && !part ? i == entry->count : i < count && learner->scratch[i] != entry->sizes[i])
			dimension_differs(learner, entry, dimension, brief, i == entry->count ? count : learner->scratch[i]);
		else if (count == entry->count || part || i == entry->count)
			dimension_returns(learner, entry, dimension, brief);
	}
}

static bool
entry_make(struct learner *learner, struct entry *entry, const struct brief *brief, uint64_t key)
{
	int count = sizes_of(learner, brief);

	*entry = (struct entry){ .key = key, .content = brief->content, .count = count, .epoch = learner->epoch, .seen = 1,
				 .members = 1, .event = brief->id, .member = learner->epoch, .phase = brief->phase };
	entry->sizes = malloc(((size_t)count + 1) * sizeof *entry->sizes);
	if (!entry->sizes)
		return false;
	memcpy(entry->sizes, learner->scratch, (size_t)count * sizeof *entry->sizes);
	learner->entry_count++;
	return true;
}

static bool
brief_learn(const struct brief *brief, void *context)
{
	struct learner *learner = context;
	const struct member *member = learner->member;
	struct entry *entry;
	uint64_t key;

	if (brief->id > member->end)
		return false;
	if (brief->step < member->first_step || (member->step >= 0 && brief->step != member->step) || brief->step == member->skip_step)
		return true;
	key = fingerprint_mix(brief->control, occurrence_of(learner, brief)) | 1;
	entry = learner->entry_count < ENTRIES_MOST
			? entry_get(&learner->entries, &learner->entry_room, &learner->entry_count, key) : NULL;
	if (entry && entry->key == 0 && is_part(brief))
		return true;
	if (!entry || (entry->key == 0 && !entry_make(learner, entry, brief, key))) {
		learner->failed = true;
		return false;
	}
	if (entry->seen == 1 && entry->event == brief->id && entry->member == learner->epoch)
		return true;
	if (entry->epoch != learner->epoch) {
		entry->epoch = learner->epoch;
		entry->seen = 0;
		entry->members++;
	}
	/* Blocks that were equal have told: the content is the same in most. */
	if (entry->content == brief->content && !entry->dimensions)
		entry->seen++;
	else if (entry->content == brief->content || !learner->failed)
		entry_compare(learner, entry, brief);
	return !learner->failed;
}

static void
member_learn(struct learner *learner, const struct member *member, int epoch)
{
	const struct block *first = NULL, *last = NULL;

	learner->member = member;
	learner->epoch = epoch;
	for (int64_t i = 0; i < member->block_count && member->blocks[i].stream == 0; i++) {
		first = first ? first : &member->blocks[i];
		last = &member->blocks[i];
	}
	for (uint64_t i = 0; i < learner->occurrence_room; i++)
		learner->occurrences[i].step = -1;
	if (first)
		trace_each_brief(member->trace, member->process, first->thread, first->first, last->last, brief_learn, learner);
	for (uint64_t i = 0; i < learner->known_room; i++)
		free(learner->known[i].sizes);
	free(learner->known);
	learner->known = NULL;
	learner->known_room = learner->known_count = 0;
	trace_rest(member->trace, member->process);
}

/* Place INDEX among an operation's sizes as a tensor and a dimension of it. */
static void
place_find(const struct entry *entry, int index, int *slot, int *dim)
{
	int at = 0;

	*slot = 0;
	*dim = -1;
	while (at < entry->count && index < entry->count) {
		int next = at + 1 + (entry->sizes[at] > 0 ? (int)entry->sizes[at] : 0);

		if (index < next) {
			*dim = index - at - 1;
			return;
		}
		at = next;
		++*slot;
	}
}

static bool
name_is_parameter(const char *name)
{
	return strcmp(name, "weight") == 0 || strcmp(name, "bias") == 0;
}

/* What differs from its first time on matters where the operand is a parameter in the model's forward, or where it is how
 * many tensors an optimizer updates. */
static bool
persistent_matters(const struct learner *learner, struct member *const *members, const struct entry *entry, int index,
		   const struct dimension *dimension)
{
	const struct member *member = members[dimension->member - 1];
	struct event event;
	int slot, dim, tensor = 0;

	(void)learner;
	if (index == entry->count)
		return entry->phase == BRIEF_OPTIMIZER;
	if (entry->phase != BRIEF_FORWARD || !trace_event(member->trace, member->process, dimension->event, &event))
		return false;
	place_find(entry, index, &slot, &dim);
	for (int i = 0; i < event.operand_count; i++)
		if (strcmp(event.operands[i].kind, "tensor") == 0 && tensor++ == slot)
			return name_is_parameter(event.operands[i].name);
	return false;
}

static bool
dimension_matters(const struct learner *learner, struct member *const *members, bool two_runs, const struct entry *entry,
		  int index, const struct dimension *dimension)
{
	if (entry->members < 2)
		return false;
	if (dimension->varying)
		return dimension->varying * 2 <= entry->members && dimension->same_step && dimension->persistent == 0 &&
		       dimension->seen >= SEEN_LEAST && !two_runs;
	return dimension->persistent * 2 <= entry->members &&
	       (two_runs || persistent_matters(learner, members, entry, index, dimension));
}

static void
entry_judge(const struct learner *learner, struct member *const *members, bool two_runs, const struct entry *entry,
	    struct sizes_result *result)
{
	bool usual = false;

	for (int i = 0; i <= entry->count; i++) {
		const struct dimension *dimension = &entry->dimensions[i];
		struct size_difference *first = &result->first;

		if (dimension->varying == 0 && dimension->persistent == 0)
			continue;
		if (!dimension_matters(learner, members, two_runs, entry, i, dimension)) {
			usual = true;
			continue;
		}
		if (result->found && (first->step < dimension->step ||
				      (first->step == dimension->step && first->event <= dimension->event)))
			continue;
		*first = (struct size_difference){ .member = dimension->member - 1, .other = entry->member - 1, .step = dimension->step,
						   .event = dimension->event, .other_event = entry->event, .size = dimension->size,
						   .usual = i < entry->count ? entry->sizes[i] : entry->count,
						   .persistent = dimension->varying == 0,
						   .same_as = dimension->varying ? dimension->varying : dimension->persistent };
		place_find(entry, i, &first->slot, &first->dim);
		result->found = true;
	}
	result->usual += usual;
}

struct sizes_result
sizes_compare(struct member *const *members, int count, bool two_runs, void (*progress)(const char *what, int done, int total))
{
	struct learner learner = { 0 };
	struct sizes_result result = { 0 };

	for (int i = 0; i < count && !learner.failed; i++) {
		member_learn(&learner, members[i], i + 1);
		if (progress)
			progress("compared by sizes", i + 1, count);
	}
	result.complete = !learner.failed;
	for (uint64_t i = 0; i < learner.entry_room; i++) {
		struct entry *entry = &learner.entries[i];

		if (entry->key && entry->dimensions)
			entry_judge(&learner, members, two_runs, entry, &result);
		free(entry->sizes);
		free(entry->dimensions);
	}
	free(learner.entries);
	free(learner.occurrences);
	return result;
}
