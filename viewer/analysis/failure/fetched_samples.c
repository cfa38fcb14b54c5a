/* Which samples a batch has, where the loader takes them in order. */
#include <string.h>

#include "fetched_parts.h"
#include "../text.h"
#include "../where.h"

/* Is EVENT by the collator, not by what reads one sample? */
static bool
is_collated(const struct source *source, int process, const struct event *event)
{
	struct site site;

	if (!source->site(source->context, process, event->site, &site))
		return false;
	for (int i = 0; i < site.frame_count; i++)
		if (text_ends(site.frames[i].file ? site.frames[i].file : "", "/torch/utils/data/_utils/fetch.py"))
			return i > 0 && !text_ends(site.frames[i].function, "<listcomp>") && !strstr(site.frames[i - 1].function ? site.frames[i - 1].function : "", "__getitem");
	return false;
}

struct rows { const struct batch *batch; int64_t most, found; };

/* As many samples as the collator put side by side. */
static bool
add_rows(const struct event *event, void *context)
{
	struct rows *rows = context;
	int64_t items = 0, size = event->output_count == 1 && event->outputs[0].ndim > 0 ? event->outputs[0].sizes[0] : 0;
	bool listed = strcmp(event->operation, "aten::pad_sequence") == 0;

	if ((!listed && strcmp(event->operation, "aten::stack") != 0 && strcmp(event->operation, "aten::lift_fresh") != 0) || size < 1 ||
	    !is_collated(rows->batch->source, rows->batch->process, event))
		return true;
	for (int i = 0; i < event->operand_count; i++)
		items += event->operands[i].item >= 0 && strcmp(event->operands[i].kind, "tensor") == 0;
	if (listed && items && size != items && event->outputs[0].ndim > 1)
		size = event->outputs[0].sizes[1] == items ? items : 0; /* not batch_first */
	if (size >= 1 && size <= rows->most)
		rows->found = size;
	return rows->found < 1;
}

void
fetched_samples(const struct failure *failure, const struct batch *batch, struct fetched *out)
{
	const json_t *loaders = failure->note ? json_object_get(failure->note->json, "in_order") : NULL;
	json_t *line = batch->loop->file ? where_source(batch->source, failure, batch->loop->file, batch->loop->line) : json_null();

	for (size_t i = 0; json_is_string(line) && i < json_array_size(loaders); i++) {
		const json_t *loader = json_array_get(loaders, i);
		struct rows rows = { .batch = batch, .most = json_integer_value(json_object_get(loader, "batch_size")) };

		if (!text_has_name(json_string_value(line), text_get(loader, "name")) || out->batch > INT32_MAX || rows.most > INT32_MAX)
			continue;
		fetched_each_beside(batch, add_rows, &rows);
		if (rows.found < 1)
			continue;
		out->first = out->batch * rows.most;
		out->count = rows.found;
	}
	json_decref(line);
}
