/* See memory_out.h. */
#include "memory_out.h"

#include <stdlib.h>
#include <string.h>

#include "memory_walk.h"
#include "../text.h"
#include "../where.h"

#define OUT_OF_MEMORY 2 /* cudaErrorMemoryAllocation, CUDA_ERROR_OUT_OF_MEMORY */
#define HOLDERS_SHOWN 12
#define OPERATIONS_SHOWN 8

struct found { int64_t until_ns, id, site, event, step, bytes, allocated, reserved; int device; char function[96], operation[128]; };

/* Newest first: the caching allocator's word comes after the calls that failed. */
static bool
find(const struct cuda_call *call, void *context)
{
	struct found *found = context;
	bool told = strcmp(call->kind, "out of memory") == 0;

	if (found->until_ns && call->time_ns > found->until_ns)
		return true;
	if (!told && (call->result != OUT_OF_MEMORY || !strstr(call->kind, "allocation")))
		return true;
	found->id = call->id;
	found->site = call->site;
	found->event = call->event;
	found->step = call->step;
	found->bytes = call->bytes;
	found->device = call->device;
	found->allocated = told ? call->allocated : -1;
	found->reserved = told ? call->reserved : -1;
	text_format(found->function, sizeof found->function, "%s", call->function);
	text_format(found->operation, sizeof found->operation, "%s", call->operation ? call->operation : "");
	return false;
}

/* The bytes that MESSAGE tells right after MARK ("of which " -> "13.37 MiB"); -1. */
static int64_t
told_bytes(const char *message, const char *mark)
{
	static const char *const units[] = { "bytes", "KiB", "MiB", "GiB", "TiB" };
	const char *at = message ? strstr(message, mark) : NULL;
	char *end;
	double number;

	if (!at)
		return -1;
	number = strtod(at + strlen(mark), &end);
	for (size_t i = 0; i < sizeof units / sizeof *units && *end == ' ' && number >= 0 && number < 1e15; i++, number *= 1024)
		if (strncmp(end + 1, units[i], strlen(units[i])) == 0)
			return (int64_t)number;
	return -1;
}

/* Holders summed up by operation, largest first. */
static json_t *
by_operation(const json_t *holders)
{
	json_t *sums = json_object(), *list = json_array(), *sum;
	const json_t *holder;
	const char *name;
	size_t i;

	json_array_foreach(holders, i, holder) {
		name = *text_get(holder, "operation") ? text_get(holder, "operation") : "";
		sum = json_object_get(sums, name);
		if (!sum) {
			sum = json_pack("{s:o, s:i, s:i}", "operation", text_json(*name ? name : NULL), "bytes", 0, "pieces", 0);
			json_object_set_new(sums, name, sum);
		}
		for (int k = 0; k < 2; k++) {
			const char *key = k ? "pieces" : "bytes";

			json_object_set_new(sum, key, json_integer(json_integer_value(json_object_get(sum, key)) +
								    json_integer_value(json_object_get(holder, key))));
		}
	}
	while (json_object_size(sums) && json_array_size(list) < OPERATIONS_SHOWN) {
		const char *largest = NULL;
		int64_t most = -1;

		json_object_foreach(sums, name, sum) {
			if (json_integer_value(json_object_get(sum, "bytes")) > most) {
				most = json_integer_value(json_object_get(sum, "bytes"));
				largest = name;
			}
		}
		json_array_append(list, json_object_get(sums, largest));
		json_object_del(sums, largest);
	}
	json_decref(sums);
	return list;
}

/* The holders of DEVICE, the first MOST of them; *BYTES gets what all of them hold. */
static json_t *
of_device(const json_t *holders, const char *device, size_t most, int64_t *bytes)
{
	json_t *list = json_array();
	const json_t *holder;
	size_t i;

	*bytes = 0;
	json_array_foreach(holders, i, holder) {
		if (strcmp(text_get(holder, "device"), device) != 0)
			continue;
		*bytes += json_integer_value(json_object_get(holder, "bytes"));
		if (json_array_size(list) < most)
			json_array_append(list, (json_t *)holder);
	}
	return list;
}

json_t *
memory_out(const struct source *source, const struct failure *failure)
{
	struct found found = { .until_ns = failure->time_ns, .id = -1 };
	struct memory_walk walk = { .source = source, .process = failure->process };
	struct cuda_filter filter = cuda_filter_all;
	char where[4200], device[32];
	json_t *json, *holders, *growth, *kept;
	bool backward;
	int64_t known, grown;

	filter.backward = true;
	if (!source->each_cuda_call || !source->each_cuda_memory || !source->cuda_count)
		return NULL;
	source->each_cuda_call(source->context, failure->process, &filter, find, &found);
	if (found.id < 0 || !((failure->message && strstr(failure->message, "out of memory")) || (failure->type && strstr(failure->type, "OutOfMemory")) ||
			      (failure->has_event && failure->event.id == found.event)))
		return NULL;
	walk.until = found.id;
	memory_walk_run(&walk);
	memory_device(device, sizeof device, found.device, NULL);
	json = json_object();
	text_set(json, "device", device);
	json_object_set_new(json, "call", json_integer(found.id));
	text_set(json, "function", found.function);
	json_object_set_new(json, "asked", json_integer(found.bytes));
	text_set(json, "operation", found.operation[0] ? found.operation : NULL);
	text_set(json, "where", where_call_line(source, failure->process, found.site, found.event, &backward, where, sizeof where) ? where : NULL);
	json_object_set_new(json, "backward", json_boolean(backward));
	json_object_set_new(json, "step", json_integer(found.step));
	text_set_integer(json, "allocated", found.allocated, -1);
	text_set_integer(json, "reserved", found.reserved, -1);
	text_set_integer(json, "total", told_bytes(failure->message, "total capacity of "), -1);
	text_set_integer(json, "free", told_bytes(failure->message, "of which "), -1);
	text_set_integer(json, "in_use", told_bytes(failure->message, "this process has "), -1);
	holders = of_device(json_object_get(walk.at_peak, "holders"), device, SIZE_MAX, &known);
	json_object_set_new(json, "known", json_integer(known));
	json_object_set_new(json, "operations", by_operation(holders));
	json_object_set_new(json, "holders", of_device(holders, device, HOLDERS_SHOWN, &known));
	growth = memory_growth(&walk);
	json_object_set_new(json, "growth", of_device(growth, device, HOLDERS_SHOWN, &grown));
	json_decref(growth);
	kept = memory_kept(&walk, found.device);
	json_object_set_new(json, "kept", kept ? kept : json_null());
	json_decref(holders);
	memory_walk_free(&walk);
	return json;
}
