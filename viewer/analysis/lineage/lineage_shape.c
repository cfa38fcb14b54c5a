/* Tensors of one shape that this process made. */
#include <string.h>

#include "lineage.h"
#include "../where.h"

struct made { const struct source *source; int process; const struct operand *like; int64_t id; char *caller; size_t size; bool first; };

static bool
look_at(const struct event *event, void *context)
{
	struct made *made = context;
	const struct operand *is = event->output_count ? &event->outputs[0] : NULL;
	char line[4200];

	if (!is || is->ndim != made->like->ndim || memcmp(is->sizes, made->like->sizes, (size_t)is->ndim * sizeof(*is->sizes)) != 0 ||
	    !where_caller_line(made->source, made->process, event->site, made->caller ? made->caller : line, made->caller ? made->size : sizeof(line)))
		return true;
	made->id = event->id;
	return made->first; /* the first of them is the last that is visited */
}

bool
lineage_made_so(const struct source *source, int process, int64_t before, const struct operand *like, bool first, struct event *out, char *caller, size_t size)
{
	struct made made = { .source = source, .process = process, .like = like, .id = -1, .caller = caller, .size = size, .first = first };
	const struct event anywhere = { .id = before, .site = -1, .operation = "aten::empty", .overload = "", .parent = -1, .scope = -1, .phase = "other" };

	if (like->ndim > 0 && like->sizes)
		source->each_call(source->context, process, &anywhere, look_at, &made);
	return made.id >= 0 && (!out || source->event(source->context, process, made.id, out));
}
