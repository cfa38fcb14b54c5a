/* See operand_memory.h. */
#include "operand_memory.h"

#include <stdlib.h>
#include <string.h>

#include "../text.h"
#include "../where.h"

struct search {
	const struct source *source;
	int process;
	int64_t data, until_ns;
	bool freed;
	char freed_where[512];
	json_t *found;
};

static bool
holds(int64_t address, int64_t bytes, int64_t data)
{
	return (uint64_t)data - (uint64_t)address < (uint64_t)bytes;
}

static void
keep(struct search *search, int64_t address, int64_t bytes, int64_t site, int64_t event, const char *operation)
{
	json_t *json = json_object();
	char where[4200], hex[32];
	bool backward;

	text_format(hex, sizeof hex, "0x%llx", (unsigned long long)address);
	text_set(json, "address", hex);
	json_object_set_new(json, "offset", json_integer(search->data - address));
	json_object_set_new(json, "bytes", json_integer(bytes));
	text_set(json, "operation", operation);
	text_set(json, "where", where_call_line(search->source, search->process, site, event, &backward, where, sizeof where) ? where : NULL);
	search->found = json;
}

/* Newest first: a free that holds it, before the allocation that does. */
static bool
look(const struct cuda_call *call, void *context)
{
	struct search *search = context;
	char where[4200];
	bool backward;

	if (call->result || (search->until_ns && call->time_ns > search->until_ns) || !holds(call->address, call->bytes, search->data))
		return true;
	if (strcmp(call->kind, "block free") == 0) {
		search->freed = true;
		if (where_call_line(search->source, search->process, call->site, call->event, &backward, where, sizeof where))
			text_format(search->freed_where, sizeof search->freed_where, "%s", where);
		return true;
	}
	keep(search, call->address, call->bytes, call->site, call->event, call->operation);
	return false;
}

static void
look_live(const struct cuda_memory *memory, void *context)
{
	struct search *search = context;

	if (!search->found && strcmp(memory->kind, "block") == 0 && holds(memory->address, memory->bytes, search->data))
		keep(search, memory->address, memory->bytes, memory->site, -1, memory->operation);
}

json_t *
operand_memory(const struct source *source, int process, const json_t *local, int64_t until_ns)
{
	struct search search = { .source = source, .process = process, .until_ns = until_ns,
				 .data = (int64_t)strtoull(text_get(local, "data"), NULL, 16) };
	struct cuda_filter filter = cuda_filter_all;

	if (!search.data || !source->each_cuda_call || !source->each_cuda_memory)
		return json_null();
	filter.kind = "block*";
	filter.backward = true;
	source->each_cuda_call(source->context, process, &filter, look, &search);
	if (!search.found) /* allocated before the kept calls */
		source->each_cuda_memory(source->context, process, look_live, &search);
	if (!search.found)
		return json_null();
	json_object_set_new(search.found, "freed", json_boolean(search.freed));
	text_set(search.found, "freed_where", search.freed_where[0] ? search.freed_where : NULL);
	return search.found;
}
