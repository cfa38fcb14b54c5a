/* See memory_walk.h. */
#include "memory_walk.h"

#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "../where.h"

#define HOLDERS_MOST 64
#define STEPS_MOST 1000
#define HOLDERS_DRAWN 6
#define HOLDERS_DRAWN_FROM 512 /* the first so many are followed step by step */
#define FAILED_MOST 32
#define KEPT_LEAST 8           /* pieces of one line, none freed */
#define KEPT_BY_OTHERS_MOST 2  /* pieces of a line that frees what it made before */

void
memory_device(char *out, size_t size, int device, const char *kind)
{
	if (kind && strcmp(kind, "host") == 0)
		text_format(out, size, "host");
	else if (device < 0)
		text_format(out, size, "cuda");
	else
		text_format(out, size, "cuda:%d", device);
}

static json_t *
holder_json(const struct memory_walk *walk, const struct holder *holder)
{
	json_t *json = json_object();
	char where[4200], device[32];
	bool backward, placed = where_call_line(walk->source, walk->process, holder->site, holder->event, &backward, where, sizeof where);

	memory_device(device, sizeof device, holder->device, holder->kind);
	text_set(json, "kind", holder->kind);
	text_set(json, "device", device);
	json_object_set_new(json, "bytes", json_integer(holder->bytes));
	json_object_set_new(json, "pieces", json_integer(holder->pieces));
	text_set(json, "operation", holder->operation[0] ? holder->operation : NULL);
	text_set(json, "where", placed ? where : NULL);
	json_object_set_new(json, "backward", json_boolean(backward));
	return json;
}

static int
larger_first(const void *left, const void *right)
{
	const struct holder *a = *(const struct holder *const *)left, *b = *(const struct holder *const *)right;

	return a->bytes > b->bytes ? -1 : a->bytes < b->bytes;
}

void
memory_holders(const struct memory_walk *walk, const struct replay *replay, int blocks, json_t *out)
{
	const struct holder **list = calloc(replay->holder_count + 1, sizeof(struct holder *));
	uint32_t count = 0;

	for (uint32_t i = 0; list && i < replay->holder_count; i++)
		if (replay->holders[i].bytes > 0 && (blocks < 0 || (strcmp(replay->holders[i].kind, "block") == 0) == blocks))
			list[count++] = &replay->holders[i];
	if (list)
		qsort(list, count, sizeof *list, larger_first);
	for (uint32_t i = 0; i < count && i < HOLDERS_MOST; i++)
		json_array_append_new(out, holder_json(walk, list[i]));
	free(list);
}

/* --- the calls, in order ---------------------------------------------------------------------- */

static bool
find_peak(const struct cuda_call *call, void *context)
{
	struct memory_walk *walk = context;

	if (call->allocated > walk->peak) {
		walk->peak = call->allocated;
		walk->peak_id = call->id;
	}
	return true;
}

/* What one holder held at the end of the newest STEPS_MOST steps, a ring. */
struct held {
	uint64_t count;
	struct { int64_t step, bytes; } points[STEPS_MOST];
};

/* What HOLDER, of number NUMBER, holds now that a step has ended; nothing for one that never held anything. */
static void
held_add(struct memory_walk *walk, uint32_t number, const struct holder *holder)
{
	struct held *held;

	if (!walk->held || number >= HOLDERS_DRAWN_FROM || (!holder->bytes && !walk->held[number]))
		return;
	if (!walk->held[number])
		walk->held[number] = calloc(1, sizeof **walk->held);
	held = walk->held[number];
	if (!held)
		return;
	held->points[held->count % STEPS_MOST].step = walk->step_now;
	held->points[held->count++ % STEPS_MOST].bytes = holder->bytes;
}

/* A step's last state is known when the next one's first call comes. */
static void
step_end(struct memory_walk *walk)
{
	struct replay *replay = &walk->replay;

	if (!walk->step)
		return;
	json_object_set_new(walk->step, "end_allocated", walk->allocated >= 0 ? json_integer(walk->allocated) : json_null());
	if (json_array_size(walk->steps) >= STEPS_MOST)
		json_array_remove(walk->steps, 0);
	json_array_append_new(walk->steps, walk->step);
	walk->step = NULL;
	for (uint32_t i = 0; i < replay->holder_count; i++) {
		struct holder *holder = &replay->holders[i];

		if (holder->first_step < 0) {
			holder->first_step = walk->step_now;
			holder->at_first = holder->bytes;
		} else if (holder->bytes > holder->before) {
			holder->steps_grown++;
		}
		holder->before = holder->at_last = holder->bytes;
		holder->last_step = walk->step_now;
		holder->steps_seen++;
		held_add(walk, i, holder);
	}
}

static void
raise_to(json_t *step, const char *key, int64_t value)
{
	const json_t *before = json_object_get(step, key);

	if (value >= 0 && (!json_is_integer(before) || json_integer_value(before) < value))
		json_object_set_new(step, key, json_integer(value));
}

static void
count_up(json_t *step, const char *key)
{
	json_object_set_new(step, key, json_integer(json_integer_value(json_object_get(step, key)) + 1));
}

static void
step_follow(struct memory_walk *walk, const struct cuda_call *call)
{
	if (!walk->step || call->step != walk->step_now) {
		step_end(walk);
		walk->step_now = call->step;
		walk->step = json_pack("{s:I, s:n, s:n, s:n, s:i, s:i}", "step", (json_int_t)call->step, "peak_allocated", "end_allocated",
				       "peak_reserved", "launches", 0, "allocations", 0);
	}
	if (call->allocated >= 0) {
		walk->allocated = call->allocated;
		raise_to(walk->step, "peak_allocated", call->allocated);
		raise_to(walk->step, "peak_reserved", call->reserved);
	}
	if (call->result == 0 && strcmp(call->kind, "launch") == 0)
		count_up(walk->step, "launches");
	if (call->result == 0 && strcmp(call->kind, "allocation") == 0)
		count_up(walk->step, "allocations");
}

static void
failed_follow(struct memory_walk *walk, const struct cuda_call *call)
{
	json_t *json = json_object();
	char where[4200];
	bool backward, placed = where_call_line(walk->source, walk->process, call->site, call->event, &backward, where, sizeof where);

	if (json_array_size(walk->failed) >= FAILED_MOST)
		json_array_remove(walk->failed, 0);
	json_object_set_new(json, "call", json_integer(call->id));
	text_set(json, "function", call->function);
	json_object_set_new(json, "result", json_integer(call->result));
	json_object_set_new(json, "bytes", json_integer(call->bytes));
	text_set(json, "operation", call->operation);
	text_set(json, "where", placed ? where : NULL);
	json_object_set_new(json, "step", json_integer(call->step));
	json_object_set_new(json, "time_ns", json_integer(call->time_ns));
	json_array_append_new(walk->failed, json);
}

static bool
follow(const struct cuda_call *call, void *context)
{
	struct memory_walk *walk = context;
	const char *made = walk->blocks ? "block" : "allocation", *freed = walk->blocks ? "block free" : "free";

	step_follow(walk, call);
	if (call->result != 0)
		failed_follow(walk, call);
	else if (strcmp(call->kind, made) == 0)
		replay_add(&walk->replay, replay_holder(&walk->replay, walk->blocks ? "block" : "device", call->device, call->site,
							call->operation, call->event), call->address, call->bytes);
	else if (strcmp(call->kind, freed) == 0)
		replay_remove(&walk->replay, call->address);
	if (call->id == walk->peak_id && !walk->at_peak) { /* after this call: the peak stands */
		char device[32];
		json_t *holders = json_array();

		memory_device(device, sizeof device, call->device, NULL);
		memory_holders(walk, &walk->replay, -1, holders);
		walk->at_peak = json_pack("{s:s, s:I, s:I, s:I, s:o}", "device", device, "allocated", (json_int_t)(call->allocated < 0 ? 0 : call->allocated),
					  "step", (json_int_t)call->step, "call", (json_int_t)call->id, "holders", holders);
	}
	return true;
}

/* Pieces that no kept call made were there before the first that is kept. */
static bool
note_made(const struct cuda_call *call, void *context)
{
	return map_set(context, call->address, 1);
}

struct earlier { struct memory_walk *walk; struct map made; };

static void
add_earlier(const struct cuda_memory *memory, void *context)
{
	struct earlier *earlier = context;
	struct replay *replay = &earlier->walk->replay;
	uint32_t holder;

	if (strcmp(memory->kind, earlier->walk->blocks ? "block" : "device") != 0 || map_get(&earlier->made, memory->address))
		return;
	holder = replay_holder(replay, memory->kind, memory->device, memory->site, memory->operation, -1);
	replay_add(replay, holder, memory->address, memory->bytes);
	if (holder != UINT32_MAX)
		replay->holders[holder].before_kept++;
}

static int
grown_most(const void *left, const void *right)
{
	const struct holder *a = *(const struct holder *const *)left, *b = *(const struct holder *const *)right;
	int64_t one = a->at_last - a->at_first, other = b->at_last - b->at_first;

	return one > other ? -1 : one < other;
}

json_t *
memory_growth(const struct memory_walk *walk)
{
	const struct replay *replay = &walk->replay;
	const struct holder **list = calloc(replay->holder_count + 1, sizeof(struct holder *));
	json_t *out = json_array();
	uint32_t count = 0;

	for (uint32_t i = 0; list && i < replay->holder_count; i++) {
		const struct holder *holder = &replay->holders[i];

		if (holder->steps_seen >= 3 && holder->at_last > holder->at_first && holder->steps_grown * 2 >= holder->steps_seen - 1)
			list[count++] = holder;
	}
	if (list)
		qsort(list, count, sizeof *list, grown_most);
	for (uint32_t i = 0; i < count && i < 8; i++) {
		json_t *json = holder_json(walk, list[i]);

		json_object_set_new(json, "first", json_integer(list[i]->at_first));
		json_object_set_new(json, "last", json_integer(list[i]->at_last));
		json_object_set_new(json, "steps", json_integer(list[i]->steps_seen));
		json_array_append_new(out, json);
	}
	free(list);
	return out;
}

/* Does HOLDER do no more than make tensors, as a model is built or loaded? */
static bool
only_makes(const struct holder *holder)
{
	return text_among("aten::empty aten::empty_strided aten::empty_like aten::zeros aten::ones aten::to aten::_to_copy aten::copy_ aten::clone", holder->operation);
}

static bool
frees_nothing(const struct holder *holder)
{
	return holder->pieces >= KEPT_LEAST && holder->pieces == holder->made && !holder->before_kept;
}

json_t *
memory_kept(const struct memory_walk *walk, int device)
{
	const struct replay *replay = &walk->replay;
	const struct holder *most = NULL;
	int64_t held = 0;
	int free_again = 0;

	for (uint32_t i = 0; i < replay->holder_count; i++) {
		const struct holder *is = &replay->holders[i];

		if (is->device != device)
			continue;
		held += is->bytes;
		most = !most || is->bytes > most->bytes ? is : most;
	}
	if (!most || !frees_nothing(most) || only_makes(most) || most->bytes * 2 < held || most->bytes * 10 < most->pieces * most->largest * 9)
		return NULL;
	for (uint32_t i = 0; i < replay->holder_count; i++) {
		const struct holder *is = &replay->holders[i];

		if (is == most || is->device != device)
			continue;
		if (frees_nothing(is) && is->bytes * 10 >= most->bytes)
			return NULL; /* so do others: what backward needs is kept until then */
		free_again += is->made >= most->pieces - 1 && is->pieces <= KEPT_BY_OTHERS_MOST;
	}
	return free_again ? holder_json(walk, most) : NULL;
}

json_t *
memory_over_time(const struct memory_walk *walk)
{
	int64_t most[HOLDERS_DRAWN_FROM] = { 0 }; /* that each held; 0 again once it is in */
	json_t *out = json_array();

	for (int i = 0; walk->held && i < HOLDERS_DRAWN_FROM; i++)
		for (uint64_t n = 0; walk->held[i] && n < walk->held[i]->count && n < STEPS_MOST; n++)
			if (walk->held[i]->points[n].bytes > most[i])
				most[i] = walk->held[i]->points[n].bytes;
	for (int n = 0; n < HOLDERS_DRAWN; n++) {
		int best = 0;

		for (int i = 1; i < HOLDERS_DRAWN_FROM; i++)
			if (most[i] > most[best])
				best = i;
		if (!most[best])
			break;
		most[best] = 0;
		const struct held *held = walk->held[best];
		json_t *json = holder_json(walk, &walk->replay.holders[best]), *points = json_array();
		for (uint64_t i = held->count > STEPS_MOST ? held->count - STEPS_MOST : 0; i < held->count; i++)
			json_array_append_new(points, json_pack("[I, I]", (json_int_t)held->points[i % STEPS_MOST].step,
								(json_int_t)held->points[i % STEPS_MOST].bytes));
		json_object_set_new(json, "points", points);
		json_array_append_new(out, json);
	}
	return out;
}

void
memory_walk_run(struct memory_walk *walk)
{
	const struct source *source = walk->source;
	struct earlier earlier = { .walk = walk };
	struct cuda_filter filter = cuda_filter_all;

	walk->peak = walk->allocated = -1;
	walk->peak_id = walk->until;
	walk->blocks = source->cuda_count(source->context, walk->process, "blocks") > 0;
	walk->steps = json_array();
	walk->failed = json_array();
	walk->held = calloc(HOLDERS_DRAWN_FROM, sizeof *walk->held);
	filter.kind = "block*";
	if (walk->until < 0)
		source->each_cuda_call(source->context, walk->process, &filter, find_peak, walk);
	filter.kind = walk->blocks ? "block" : "allocation";
	source->each_cuda_call(source->context, walk->process, &filter, note_made, &earlier.made);
	source->each_cuda_memory(source->context, walk->process, add_earlier, &earlier);
	map_free(&earlier.made);
	filter.kind = NULL;
	filter.last = walk->until;
	source->each_cuda_call(source->context, walk->process, &filter, follow, walk);
	if (walk->until < 0)
		step_end(walk); /* a step that a failure cut off would seem to have grown */
}

void
memory_walk_free(struct memory_walk *walk)
{
	replay_free(&walk->replay);
	json_decref(walk->steps);
	json_decref(walk->step);
	json_decref(walk->failed);
	for (int i = 0; walk->held && i < HOLDERS_DRAWN_FROM; i++)
		free(walk->held[i]);
	free(walk->held);
	json_decref(walk->at_peak);
}
