#include "memory.h"

#include <string.h>

#include "memory_walk.h"
#include "../text.h"

static void
add_count(const char *name, int64_t count, void *context)
{
	json_object_set_new(context, name, json_integer(count));
}

static void
add_device(const struct cuda_device *device, void *context)
{
	char name[32];
	json_t *json = json_object();

	memory_device(name, sizeof name, device->device, device->device < 0 ? "host" : NULL);
	text_set(json, "device", name);
	json_object_set_new(json, "live", json_integer(device->live));
	json_object_set_new(json, "peak", json_integer(device->peak));
	json_object_set_new(json, "allocated", json_integer(device->allocated));
	json_object_set_new(json, "peak_allocated", json_integer(device->peak_allocated));
	json_object_set_new(json, "reserved", json_integer(device->reserved));
	json_object_set_new(json, "peak_reserved", json_integer(device->peak_reserved));
	json_object_set_new(json, "peak_step", json_integer(device->peak_step));
	json_array_append_new(context, json);
}

/* What is live at the end, by holder. The table knows no events; the call that made the same piece does, if it is kept. */
struct live { const struct replay *replayed; struct replay replay; };

static void
add_live(const struct cuda_memory *memory, void *context)
{
	struct live *live = context;
	const struct replay *replayed = live->replayed;
	uint64_t known = strcmp(memory->kind, "block") == 0 ? map_get(&replayed->by_address, memory->address) : 0;
	int64_t event = known ? replayed->holders[replayed->pieces[known - 1].holder].event : -1;
	uint32_t holder = replay_holder(&live->replay, memory->kind, memory->device, memory->site, memory->operation, event);

	if (holder != UINT32_MAX) { /* a block may begin where its segment does: no address is looked for */
		live->replay.holders[holder].bytes += memory->bytes;
		live->replay.holders[holder].pieces++;
	}
}

json_t *
memory_process(struct trace *trace, int index)
{
	const struct process *process = trace_process(trace, index);
	struct source source = source_of_trace(trace);
	struct memory_walk walk = { .source = &source, .process = index, .until = -1 };
	struct live live = { .replayed = &walk.replay };
	json_t *json = json_object(), *totals = json_object(), *devices = json_array(), *holders = json_array();

	trace_each_cuda_count(trace, index, add_count, totals);
	if (json_object_size(totals) == 0) {
		json_decref(json);
		json_decref(totals);
		json_decref(devices);
		json_decref(holders);
		return NULL;
	}
	memory_walk_run(&walk);
	trace_each_cuda_device(trace, index, add_device, devices);
	trace_each_cuda_memory(trace, index, add_live, &live);
	memory_holders(&walk, &live.replay, 1, holders);
	memory_holders(&walk, &live.replay, 0, holders);
	text_set(json, "file", process->file);
	text_set(json, "role", process->role);
	text_set_integer(json, "rank", process->rank, -1);
	text_set_integer(json, "pid", process->pid, -1);
	json_object_set_new(json, "totals", totals);
	json_object_set_new(json, "devices", devices);
	json_object_set_new(json, "live", holders);
	json_object_set_new(json, "at_peak", walk.at_peak ? json_incref(walk.at_peak) : json_null());
	json_object_set_new(json, "growth", memory_growth(&walk));
	json_object_set_new(json, "over_time", memory_over_time(&walk));
	json_object_set_new(json, "steps", json_incref(walk.steps));
	json_object_set_new(json, "failed", json_incref(walk.failed));
	memory_walk_free(&walk);
	replay_free(&live.replay);
	return json;
}

json_t *
memory_build(struct trace *trace, int rank)
{
	json_t *json = json_object(), *processes = json_array();

	for (int i = 0; i < trace_process_count(trace); i++) {
		json_t *process = rank >= 0 && trace_process(trace, i)->rank != rank ? NULL : memory_process(trace, i);

		if (process)
			json_array_append_new(processes, process);
	}
	text_set(json, "trace", trace_directory(trace));
	json_object_set_new(json, "processes", processes);
	return json;
}
