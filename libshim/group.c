/* Process groups. See group.h. */
#include <string.h>

#include "box.h"
#include "collective.h"
#include "group.h"
#include "note.h"
#include "python_api.h"
#include "python_late.h"

#define GROUPS 64
#define RUNS 24
#define LOOKS 16       /* for one group; then it stays unknown */
#define TABLE_MAX 4096 /* of Python's, looked through */

struct run { int32_t first, last, step; };

struct group {
	const void *object;  /* NULL: it is no more; BEING_MADE; atomic */
	uint32_t number;     /* 0: free */
	uint32_t looks;
	bool known;          /* the rest is filled in */
	char name[48];
	int32_t run_count;   /* 0: too many to be kept */
	struct run runs[RUNS];
};

static struct group groups[GROUPS];
static uint32_t made;  /* groups ever; atomic */
static const char being_made;
#define BEING_MADE ((const void *)&being_made)

/* Take a place for a new group: a free one, else that of the oldest which is no more. NULL: all are in use. */
static struct group *
place_take(void)
{
	for (;;) {
		struct group *oldest = NULL;
		const void *free = NULL;

		for (int i = 0; i < GROUPS; i++)
			if (!__atomic_load_n(&groups[i].object, __ATOMIC_RELAXED) && (!oldest || groups[i].number < oldest->number))
				oldest = &groups[i];
		if (!oldest || __atomic_compare_exchange_n(&oldest->object, &free, BEING_MADE, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
			return oldest;
	}
}

void
group_made(const void *object)
{
	struct group *group;

	for (int i = 0; i < GROUPS; i++)
		if (__atomic_load_n(&groups[i].object, __ATOMIC_RELAXED) == object)
			__atomic_store_n(&groups[i].object, NULL, __ATOMIC_RELAXED);
	group = place_take();
	if (!group)
		return;
	group->known = false;
	group->looks = 0;
	group->number = __atomic_add_fetch(&made, 1, __ATOMIC_RELAXED);
	__atomic_store_n(&group->object, object, __ATOMIC_RELEASE);
	python_want_next(PYTHON_GROUPS);
}

uint32_t
group_number(const void *object)
{
	for (int i = 0; i < GROUPS; i++)
		if (__atomic_load_n(&groups[i].object, __ATOMIC_ACQUIRE) == object)
			return groups[i].number;
	return 0;
}

/* --- Python's table ---------------------------------------------------------------------------- */

/* RANK comes next: does it continue the last run? False: there is no room. */
static bool
run_add(struct group *group, int32_t rank)
{
	struct run *last = group->run_count ? &group->runs[group->run_count - 1] : NULL;

	if (last && last->first == last->last && rank > last->last) {
		last->step = rank - last->last;
		last->last = rank;
	} else if (last && last->first != last->last && rank == last->last + last->step) {
		last->last = rank;
	} else {
		if (group->run_count == RUNS)
			return false;
		group->runs[group->run_count++] = (struct run){ rank, rank, 1 };
	}
	return true;
}

/* RANKS: from rank to its place. */
static bool
ranks_read(struct group *group, struct python_object *ranks)
{
	struct python_object *key, *value;
	int32_t place, size;
	int64_t rank, at;
	long position = 0, count = 0;
	bool kept = true;

	group->run_count = 0;
	if (python_kind(ranks) != PYTHON_DICT || !collective_place(group->object, &place, &size) || py.PyDict_Size(ranks) != size)
		return false;
	while (py.PyDict_Next(ranks, &position, &key, &value)) {
		if (!python_integer(key, &rank) || !python_integer(value, &at) || at != count || rank < 0 || rank > INT32_MAX ||
		    (at == place && shim_box.header->rank >= 0 && rank != shim_box.header->rank))
			return false;
		kept = kept && run_add(group, (int32_t)rank);
		count++;
	}
	if (!kept)
		group->run_count = 0;
	if (count == size && size > 1)
		collective_prove();
	return count == size;
}

static bool
group_read(struct group *group, struct python_object *table, struct python_object *names)
{
	struct python_object *key, *value;
	long position = 0;

	for (int n = 0; n < TABLE_MAX && py.PyDict_Next(table, &position, &key, &value); n++) {
		struct python_object *name_key, *name;
		long name_position = 0;

		/* struct pybind11::detail::instance { PyObject_HEAD void *simple_value_holder[2]; ... }: larger than three words */
		if (strcmp(python_type_name(python_type(key)), "ProcessGroup") || python_at(key, 16) != group->object)
			continue;
		if (!ranks_read(group, value))
			return false;
		group->name[0] = 0;
		for (int i = 0; names && i < TABLE_MAX && py.PyDict_Next(names, &name_position, &name_key, &name); i++)
			if (name_key == key)
				python_text_copy(name, group->name, sizeof group->name);
		return true;
	}
	return false;
}

static void
write_groups(struct json_writer *json)
{
	json_object_begin(json);
	json_key(json, "groups");
	json_array_begin(json);
	for (int i = 0; i < GROUPS; i++) {
		const struct group *group = &groups[i];

		if (!group->known)
			continue;
		json_object_begin(json);
		json_key(json, "group");
		json_int(json, group->number);
		json_key(json, "name");
		json_string(json, group->name);
		json_key(json, "ranks");
		if (group->run_count)
			json_array_begin(json);
		else
			json_null(json);
		for (int n = 0; n < group->run_count; n++) {
			json_array_begin(json);
			json_int(json, group->runs[n].first);
			json_int(json, group->runs[n].last);
			json_int(json, group->runs[n].step);
			json_array_end(json);
		}
		if (group->run_count)
			json_array_end(json);
		json_object_end(json);
	}
	json_array_end(json);
	json_object_end(json);
}

void
group_look(void)
{
	struct python_object *table = python_module_item("torch.distributed.distributed_c10d", "_pg_group_ranks");
	struct python_object *names = python_module_item("torch.distributed.distributed_c10d", "_pg_names");
	struct note note;
	bool news = false, again = false;

	if (python_kind(table) != PYTHON_DICT)
		return;
	if (python_kind(names) != PYTHON_DICT)
		names = NULL;
	for (int i = 0; i < GROUPS; i++) {
		struct group *group = &groups[i];

		const void *object = __atomic_load_n(&group->object, __ATOMIC_ACQUIRE);
		if (!object || object == BEING_MADE || group->known || group->looks++ >= LOOKS)
			continue;
		group->known = group_read(group, table, names);
		news = news || group->known;
		again = again || !group->known;
	}
	if (again)
		python_want_next(PYTHON_GROUPS);
	if (news && note_begin(&note, BOX_NOTE_GROUPS, ~(uint64_t)0)) {
		write_groups(&note.json);
		note_publish(&note);
	}
}
