/* Which tensors of the program the stand-ins are that no variable is known for. */
#include "compiled.h"

#include <string.h>

#include "../where.h"

#define EVENTS_MOST 65536

struct search { const struct source *source; int process; struct subject *subject; };

static bool
look_at(const struct event *event, void *context)
{
	const struct search *search = context;
	struct subject *subject = search->subject;
	char line[512];

	for (int o = 0; o < event->output_count; o++) {
		const struct operand *is = &event->outputs[o];

		if (is->tensor <= 0 || is->ndim < 1 || !is->device || strcmp(is->device, "meta") == 0)
			continue;
		for (int i = 0; i < subject->event.operand_count; i++) {
			struct operand *operand = &subject->operands[i];

			if (operand->tensor >= 0 || operand->ndim != is->ndim || !operand->dtype || !is->dtype || strcmp(operand->dtype, is->dtype) != 0 ||
			    memcmp(operand->sizes, is->sizes, (size_t)is->ndim * sizeof(*is->sizes)) != 0)
				continue;
			if (where_site_line(search->source, search->process, event->site, false, line, sizeof(line)) && *line != '<') /* not within a graph */
				operand->tensor = is->tensor;
		}
	}
	return true;
}

void
compiled_find_made(const struct source *source, int process, struct subject *subject)
{
	struct search search = { source, process, subject };

	source->each_recent(source->context, process, EVENTS_MOST, look_at, &search);
}
