#include "sample.h"

#include <inttypes.h>
#include <string.h>

#include "../text.h"

#define INDICES_MOST 256

static const json_t *
find_local(const json_t *frame, const char *name)
{
	const json_t *locals = json_object_get(frame, "locals");

	for (size_t i = 0; i < json_array_size(locals); i++)
		if (strcmp(text_get(json_array_get(locals, i), "name"), name) == 0)
			return json_array_get(locals, i);
	return NULL;
}

static int64_t
local_number(const json_t *frame, const char *name)
{
	const json_t *local = find_local(frame, name), *value = json_object_get(local, "value");

	return local && strcmp(text_get(local, "kind"), "int") == 0 && json_is_integer(value) && json_integer_value(value) >= 0
		       ? json_integer_value(value) : -1;
}

/* The integers of a recorded list. New reference; NULL if it holds others. */
static json_t *
number_list(const json_t *local)
{
	const json_t *items = json_object_get(local, "items");
	json_t *list;

	if (!json_array_size(items))
		return NULL;
	list = json_array();
	for (size_t i = 0; i < json_array_size(items) && i < INDICES_MOST; i++) {
		json_t *value = json_object_get(json_array_get(items, i), "value");

		if (!json_is_integer(value)) {
			json_decref(list);
			return NULL;
		}
		json_array_append(list, value);
	}
	return list;
}

struct found { int64_t epoch, batch, worker; json_t *indices; };

static void
look_at(const json_t *frames, struct found *found)
{
	static const char *const index_names[] = { "possibly_batched_index", "index", "indices", "batch_indices" };

	for (size_t i = 0; i < json_array_size(frames); i++) {
		const json_t *frame = json_array_get(frames, i);
		const char *file = text_get(frame, "file"), *function = text_get(frame, "function");
		bool loop = text_ends(file, "/torch/utils/data/_utils/worker.py") && strcmp(function, "_worker_loop") == 0;
		bool fetch = text_ends(file, "/torch/utils/data/_utils/fetch.py");

		if (loop && found->batch < 0)
			found->batch = local_number(frame, "idx");
		if (loop && found->worker < 0)
			found->worker = local_number(frame, "worker_id");
		for (size_t n = 0; (loop || fetch) && !found->indices && n < sizeof(index_names) / sizeof(*index_names); n++)
			found->indices = number_list(find_local(frame, index_names[n]));
		/* A single item is being fetched if a frame stands inside the fetcher's that isn't the collator's. */
		if (fetch && !found->indices && i > 0 && !strstr(text_get(json_array_get(frames, i - 1), "file"), "collate") &&
		    (strstr(text_get(json_array_get(frames, i - 1), "function"), "__getitem__") || strstr(function, "<listcomp>")) &&
		    local_number(frame, "idx") >= 0)
			found->indices = json_pack("[I]", (json_int_t)local_number(frame, "idx"));
		if (found->epoch < 0 && !strstr(file, "/torch/"))
			found->epoch = local_number(frame, "epoch");
	}
}

static json_t *
build(const struct found *found, int odd, const char *from)
{
	json_t *json = json_object();

	text_set_integer(json, "epoch", found->epoch, -1);
	text_set_integer(json, "batch", found->batch, -1);
	json_object_set_new(json, "indices", found->indices ? found->indices : json_null());
	text_set_integer(json, "within_batch", odd, -1);
	text_set(json, "source", *from ? from : NULL);
	return json;
}

json_t *
sample_add(json_t *sample, const struct fetched *fetched)
{
	const struct found none = { -1, -1, -1, NULL };

	if (!json_is_object(sample)) {
		json_decref(sample);
		sample = build(&none, -1, "");
	}
	if (!json_is_integer(json_object_get(sample, "epoch")))
		text_set_integer(sample, "epoch", fetched->epoch, -1);
	text_set_integer(sample, "batch", fetched->batch, -1);
	if (fetched->count && !json_is_array(json_object_get(sample, "indices"))) {
		json_t *indices = json_array();

		for (int64_t i = 0; i < fetched->count && i < INDICES_MOST; i++)
			json_array_append_new(indices, json_integer(fetched->first + i));
		json_object_set_new(sample, "indices", indices);
	}
	return sample;
}

json_t *
sample_build(const struct source *source, const struct failure *failure, const json_t *frames, int odd)
{
	const struct process *process = source->process(source->context, failure->process);
	struct found found = { -1, -1, -1, NULL };
	struct text text = {{0}, 0};

	look_at(frames, &found);
	if (failure->note)
		look_at(json_object_get(failure->note->json, "callers"), &found);
	for (int i = 0; found.epoch < 0 && found.worker >= 0 && i < source->process_count(source->context); i++) {
		const struct note *notes;
		struct found parent = { -1, -1, -1, NULL };

		if (source->process(source->context, i)->pid != process->parent_pid ||
		    source->notes(source->context, i, "fatal", &notes) < 1)
			continue;
		look_at(json_object_get(notes[0].json, "frames"), &parent);
		found.epoch = parent.epoch;
		json_decref(parent.indices);
	}
	if (found.batch < 0 && !found.indices && (odd < 0 || !failure->phase || strcmp(failure->phase, "data") != 0)) {
		json_decref(found.indices);
		return json_null();
	}
	if (found.worker >= 0)
		text_add(&text, "data loader worker %" PRId64, found.worker);
	return build(&found, odd, text.data);
}
