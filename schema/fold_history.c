/*
 * Tables call_group and call_size: the box's two tallies of calls made one. Entries of BOX_HISTORY that two threads made
 * at the same moment are one group, and what BOX_CALLS still counts is added, oldest first.
 */
#include "fold_internal.h"

#include <stdlib.h>

#include "history.h"

struct call_group {
	uint32_t site, op, signature, first_step, dim_count;
	uint64_t layout, calls;
	struct box_dim dims[BOX_HISTORY_DIMS];
	struct box_varied *varied; /* as many as dims; NULL until one varies */
};

struct call_groups {
	struct fold *fold;
	struct call_group *groups;
	uint32_t count, room;
	uint32_t *slots, slot_count; /* index + 1 */
};

static uint64_t
key_hash(uint32_t site, uint32_t op, uint64_t layout)
{
	uint64_t hash = ((uint64_t)site << 32 | op) * 0x9e3779b97f4a7c15ull ^ layout;

	hash = (hash ^ hash >> 29) * 0xbf58476d1ce4e5b9ull;
	return hash ^ hash >> 32;
}

static bool
groups_grow(struct call_groups *groups)
{
	uint32_t room = groups->room ? groups->room * 2 : 512;
	struct call_group *grown = realloc(groups->groups, room * sizeof *grown);
	uint32_t *slots = calloc(room * 2, sizeof *slots);

	if (grown)
		groups->groups = grown;
	if (!grown || !slots) {
		free(slots);
		fold_fail(groups->fold, "not enough memory");
		return false;
	}
	groups->room = room;
	free(groups->slots);
	groups->slots = slots;
	groups->slot_count = room * 2;
	for (uint32_t i = 0; i < groups->count; i++) {
		uint64_t at = key_hash(grown[i].site, grown[i].op, grown[i].layout);

		while (slots[at & (groups->slot_count - 1)])
			at++;
		slots[at & (groups->slot_count - 1)] = i + 1;
	}
	return true;
}

/* The group of that key, made now if it is not there (then without calls); NULL without memory. */
static struct call_group *
group_find(struct call_groups *groups, uint32_t site, uint32_t op, uint64_t layout)
{
	struct call_group *group;
	uint64_t at;

	if (groups->count == groups->room && !groups_grow(groups))
		return NULL;
	for (at = key_hash(site, op, layout);; at++) {
		uint32_t slot = groups->slots[at & (groups->slot_count - 1)];

		if (!slot)
			break;
		group = &groups->groups[slot - 1];
		if (group->site == site && group->op == op && group->layout == layout)
			return group;
	}
	groups->slots[at & (groups->slot_count - 1)] = ++groups->count;
	group = &groups->groups[groups->count - 1];
	*group = (struct call_group){ .site = site, .op = op, .layout = layout, .signature = BOX_NONE };
	return group;
}

/* What dimension I of GROUP is like, told apart from now on. */
static struct box_varied *
group_vary(struct call_groups *groups, struct call_group *group, uint32_t i)
{
	if (!group->varied)
		group->varied = calloc(BOX_HISTORY_DIMS, sizeof *group->varied);
	if (!group->varied) {
		fold_fail(groups->fold, "not enough memory");
		return NULL;
	}
	if (group->dims[i].varied == BOX_NONE) {
		history_begin(&group->varied[i], group->dims[i].size, group->calls, group->first_step);
		group->dims[i].varied = i;
	}
	return &group->varied[i];
}

/* CALLS more of SIZE in dimension I. */
static void
group_add(struct call_groups *groups, struct call_group *group, uint32_t i, int64_t size, uint64_t calls, uint32_t step)
{
	struct box_dim *dim = &group->dims[i];
	struct box_varied *varied;

	if (dim->varied == BOX_VARIED_LOST || (dim->varied == BOX_NONE && dim->size == size))
		return;
	varied = group_vary(groups, group, i);
	if (varied)
		history_add(varied, size, calls, step);
}

/* All that an entry of the box knows of its dimension I, into the same of GROUP. */
static void
dim_merge(struct call_groups *groups, struct call_group *group, uint32_t i, const struct box_history *entry)
{
	const struct box_varied *from = (const void *)groups->fold->box.regions[BOX_VARIED];
	uint64_t known = groups->fold->box.region_bytes[BOX_VARIED] / sizeof *from;
	const struct box_dim *dim = &entry->dims[i];
	struct box_varied *varied;
	uint32_t count;

	if (dim->varied == BOX_NONE) {
		group_add(groups, group, i, dim->size, entry->calls, entry->first_step);
		return;
	}
	if (dim->varied >= known || from[dim->varied].count == 0 || from[dim->varied].count > BOX_VARIED_SIZES + 1) {
		group->dims[i].varied = BOX_VARIED_LOST;
		return;
	}
	from += dim->varied;
	if (group->dims[i].varied == BOX_VARIED_LOST || !(varied = group_vary(groups, group, i)))
		return;
	if (group->calls == 0) {
		*varied = *from;
		return;
	}
	count = from->count < BOX_VARIED_SIZES ? from->count : BOX_VARIED_SIZES;
	for (uint32_t k = 0; k < count; k++)
		history_add(varied, from->sizes[k], 0, from->new_step);
	history_add(varied, from->smallest, 0, from->new_step);
	history_add(varied, from->largest, from->at_largest, from->new_step);
	if (from->count > BOX_VARIED_SIZES)
		varied->count = BOX_VARIED_SIZES + 1;
}

static void
entry_merge(struct call_groups *groups, const struct box_history *entry)
{
	struct call_group *group = group_find(groups, entry->site, entry->op, entry->layout);

	if (!group)
		return;
	if (group->calls == 0) {
		group->dim_count = entry->dim_count;
		group->first_step = entry->first_step;
		for (uint32_t i = 0; i < group->dim_count; i++) {
			group->dims[i] = entry->dims[i];
			group->dims[i].varied = BOX_NONE;
		}
	}
	for (uint32_t i = 0; i < group->dim_count && i < entry->dim_count && !groups->fold->failed; i++)
		dim_merge(groups, group, i, entry);
	group->calls += entry->calls & INT64_MAX >> 8;
	if (entry->first_step < group->first_step)
		group->first_step = entry->first_step;
	if (group->signature == BOX_NONE)
		group->signature = entry->signature;
}

static void
calls_merge(struct call_groups *groups, const struct box_calls *calls)
{
	const struct box_signature *signature =
		(const void *)(groups->fold->box.regions[BOX_SIGNATURES] + calls->signature * 8ull);
	const struct box_op *op = box_read_op(&groups->fold->box, signature->op);
	struct history_sizes sizes;
	struct call_group *group;

	history_read(signature->words, signature->word_count, signature->value_count, op ? op->weight : 0, &sizes);
	group = group_find(groups, calls->site, signature->op, sizes.layout);
	if (!group)
		return;
	if (group->calls == 0) {
		group->dim_count = sizes.dim_count;
		group->first_step = calls->step;
		memcpy(group->dims, sizes.dims, sizeof sizes.dims);
	}
	for (uint32_t i = 0; i < group->dim_count && i < sizes.dim_count && !groups->fold->failed; i++)
		group_add(groups, group, i, sizes.dims[i].size, calls->calls, calls->step);
	group->calls += calls->calls & INT64_MAX >> 8;
	if (calls->step < group->first_step)
		group->first_step = calls->step;
	if (group->signature == BOX_NONE)
		group->signature = calls->signature;
}

static int
calls_order(const void *left, const void *right)
{
	const struct box_calls *a = left, *b = right;

	return (a->step > b->step) - (a->step < b->step);
}

static void
groups_read(struct call_groups *groups)
{
	struct fold *fold = groups->fold;
	struct box_calls *calls = (void *)fold->box.regions[BOX_CALLS]; /* our own copy */
	uint64_t count = fold->box.region_bytes[BOX_CALLS] / sizeof *calls, offset = 0, used = 0;
	const struct box_history *entry;

	while (!fold->failed && (entry = box_read_next_history(&fold->box, &offset)))
		if (entry->calls && entry->dim_count <= BOX_HISTORY_DIMS && fold_site(fold, entry->site) &&
		    box_read_op(&fold->box, entry->op))
			entry_merge(groups, entry);
	for (uint64_t i = 0; i < count; i++)
		if (calls[i].calls && calls[i].calls != UINT64_MAX && fold_site(fold, calls[i].site) &&
		    fold_signature_known(fold, calls[i].signature, SIGNATURE_ARGUMENTS))
			calls[used++] = calls[i];
	qsort(calls, used, sizeof *calls, calls_order);
	for (uint64_t i = 0; i < used && !fold->failed; i++)
		calls_merge(groups, &calls[i]);
}

static void
size_write(struct fold *fold, sqlite3_stmt *insert, int64_t id, const struct call_group *group, uint32_t i)
{
	const struct box_dim *dim = &group->dims[i];
	struct box_varied same, *varied = &same;
	struct bytes text = { 0 };

	if (dim->varied == BOX_VARIED_LOST)
		return;
	if (dim->varied == BOX_NONE)
		history_begin(&same, dim->size, group->calls, group->first_step);
	else
		varied = &group->varied[i];
	bytes_addf(&text, "[");
	for (uint32_t k = 0; k < varied->count && k < BOX_VARIED_SIZES; k++)
		bytes_addf(&text, "%s%lld", k ? "," : "", (long long)varied->sizes[k]);
	bytes_addf(&text, "]");
	sqlite3_bind_int64(insert, 1, id);
	sqlite3_bind_int(insert, 2, dim->tensor);
	sqlite3_bind_int(insert, 3, dim->dim);
	sqlite3_bind_int64(insert, 4, varied->smallest);
	sqlite3_bind_int64(insert, 5, varied->largest);
	sqlite3_bind_int64(insert, 6, (int64_t)(varied->at_largest & INT64_MAX));
	sqlite3_bind_text(insert, 7, text.failed ? "[]" : text.data, -1, SQLITE_TRANSIENT);
	sqlite3_bind_int(insert, 8, varied->count > BOX_VARIED_SIZES);
	sqlite3_bind_int64(insert, 9, varied->new_step);
	fold_step(fold, insert);
	bytes_free(&text);
}

static void
groups_write(struct call_groups *groups)
{
	struct fold *fold = groups->fold;
	sqlite3_stmt *insert = fold_prepare(fold, "INSERT INTO call_group VALUES (?,?,?,?,?,?)");
	sqlite3_stmt *size = fold_prepare(fold, "INSERT OR IGNORE INTO call_size VALUES (?,?,?,?,?,?,?,?,?)");

	for (uint32_t n = 0; n < groups->count && !fold->failed; n++) {
		const struct call_group *group = &groups->groups[n];

		sqlite3_clear_bindings(insert);
		sqlite3_bind_int64(insert, 1, n + 1);
		sqlite3_bind_int64(insert, 2, group->site);
		sqlite3_bind_int64(insert, 3, group->op);
		sqlite3_bind_int64(insert, 4, (int64_t)group->calls);
		sqlite3_bind_int64(insert, 5, group->first_step);
		if (fold_signature_known(fold, group->signature, SIGNATURE_ARGUMENTS))
			sqlite3_bind_int64(insert, 6, group->signature);
		fold_step(fold, insert);
		for (uint32_t i = 0; i < group->dim_count && !fold->failed; i++)
			size_write(fold, size, n + 1, group, i);
	}
	sqlite3_finalize(insert);
	sqlite3_finalize(size);
}

void
fold_history(struct fold *fold)
{
	struct call_groups groups = { .fold = fold };

	if (!fold->failed) {
		groups_read(&groups);
		groups_write(&groups);
	}
	for (uint32_t i = 0; i < groups.count; i++)
		free(groups.groups[i].varied);
	free(groups.groups);
	free(groups.slots);
}
