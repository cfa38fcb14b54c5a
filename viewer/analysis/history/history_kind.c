#include "history_kind.h"

#include <inttypes.h>
#include <string.h>

#include "usual.h"

#define CALLS_MOST 4096

struct kinds { const struct event *now; int place; bool device, varied; const char *kind; int64_t calls; };

static const char *
kind_of(const struct event *event, int place, bool device)
{
	return place < event->operand_count ? device ? event->operands[place].device : event->operands[place].dtype : NULL;
}

static bool
add_kind(const struct event *event, void *context)
{
	struct kinds *kinds = context;
	const char *kind = kind_of(event, kinds->place, kinds->device);

	if (!kind || !usual_same_layer(kinds->now, event))
		return true;
	kinds->varied = kinds->varied || (kinds->kind && strcmp(kinds->kind, kind) != 0);
	kinds->kind = kind;
	return ++kinds->calls < CALLS_MOST && !kinds->varied;
}

void
history_add_kind(const struct source *source, int process, const struct event *event, const struct mismatch *mismatch, int64_t calls, struct text *text)
{
	struct kinds kinds = { .now = event, .device = strcmp(mismatch->property, "device") == 0 };
	const int places[] = { mismatch->operand, mismatch->against };

	if (!kinds.device && strcmp(mismatch->property, "dtype") != 0)
		return;
	for (int i = 0; i < 2; i++) { /* the side that is another now */
		const char *now;

		kinds.place = places[i];
		kinds.calls = 0;
		kinds.varied = false;
		kinds.kind = NULL;
		if (kinds.place < 0 || !(now = kind_of(event, kinds.place, kinds.device)))
			continue;
		source->each_call(source->context, process, event, add_kind, &kinds);
		if (!kinds.calls || kinds.varied || strcmp(kinds.kind, now) == 0)
			continue;
		if (kinds.calls >= calls)
			text_add(text, ": %s was %s every time", event->operands[kinds.place].name, kinds.kind);
		else
			text_add(text, ": %s was %s in each of the last %" PRId64, event->operands[kinds.place].name, kinds.kind, kinds.calls);
		return;
	}
}
