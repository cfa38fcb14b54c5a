#include "elsewhere.h"

#include <inttypes.h>
#include <string.h>

#include "../where.h"

#define SITES_MOST 64

struct look {
	const struct source *source;
	int process;
	const struct event *now;
	bool (*visit)(const struct event *event, void *context);
	void *context;
	struct { int64_t id; bool same; } sites[SITES_MOST]; /* asked about already, by turns */
	int count;
};

static bool
is_of_line(struct look *look, int64_t site)
{
	bool same;

	for (int i = 0; i < SITES_MOST && i < look->count; i++)
		if (look->sites[i].id == site)
			return look->sites[i].same;
	same = where_same_line(look->source, look->process, site, look->now->site);
	look->sites[look->count % SITES_MOST].id = site;
	look->sites[look->count++ % SITES_MOST].same = same;
	return same;
}

static bool
visit_line(const struct event *event, void *context)
{
	struct look *look = context;

	return !is_of_line(look, event->site) || look->visit(event, look->context);
}

void
elsewhere_each(const struct source *source, int process, const struct event *event, bool (*visit)(const struct event *event, void *context),
	       void *context)
{
	struct look look = { .source = source, .process = process, .now = event, .visit = visit, .context = context };
	struct event anywhere = *event;

	anywhere.site = -1;
	if (event->id >= 0 && event->site >= 0)
		source->each_call(source->context, process, &anywhere, visit_line, &look);
}

struct others { const struct event *now; int64_t count; const char *phase; struct look look; };

static bool
add_other(const struct event *event, void *context)
{
	struct others *others = context;

	if (event->site != others->now->site && !others->count++)
		others->phase = event->phase;
	return true;
}

static bool
add_site(int64_t site, int64_t calls, void *context)
{
	struct others *others = context;

	if (site != others->now->site && is_of_line(&others->look, site))
		others->count += calls;
	return true;
}

/* All that the run knows, or those that are kept. */
static void
count_others(const struct source *source, int process, const struct event *event, struct others *others)
{
	int64_t kept;

	elsewhere_each(source, process, event, add_other, others);
	if (!source->each_call_site || event->id < 0 || event->site < 0)
		return;
	kept = others->count;
	others->count = 0;
	source->each_call_site(source->context, process, event, add_site, others);
	others->count = others->count > kept ? others->count : kept;
}

void
elsewhere_add(const struct source *source, int process, const struct event *event, struct text *text)
{
	struct others others = { .now = event, .look = { .source = source, .process = process, .now = event } };

	count_others(source, process, event, &others);
	if (!others.count)
		return;
	text_add(text, "none on this way; %" PRId64 " earlier call%s of this line on others", others.count, language_plural(others.count));
	if (others.phase && event->phase && strcmp(others.phase, event->phase) != 0 && text_among("forward eval", others.phase))
		text_add(text, " (the last %s)", strcmp(others.phase, "eval") == 0 ? SAY("in evaluation") : SAY("in training"));
}

/* The next frame of the program at or after *AT; NULL. Moves *AT on. */
static const struct frame *
next_own(const struct site *site, int *at)
{
	while (*at < site->frame_count) {
		const struct frame *frame = &site->frames[(*at)++];

		if (where_is_program(frame->file))
			return frame;
	}
	return NULL;
}

bool
elsewhere_parts(const struct source *source, int process, int64_t site, int64_t other, char one[ELSEWHERE_LINE], char two[ELSEWHERE_LINE])
{
	struct site sites[2];
	const struct frame *frames[2];
	int at[2] = { 0, 0 };

	if (!source->site(source->context, process, site, &sites[0]) || !source->site(source->context, process, other, &sites[1]))
		return false;
	do {
		frames[0] = next_own(&sites[0], &at[0]);
		frames[1] = next_own(&sites[1], &at[1]);
		if (!frames[0] || !frames[1])
			return false;
	} while (frames[0]->line == frames[1]->line && strcmp(frames[0]->file, frames[1]->file) == 0);
	text_format(one, ELSEWHERE_LINE, "%s:%d", text_basename(frames[0]->file), frames[0]->line);
	text_format(two, ELSEWHERE_LINE, "%s:%d", text_basename(frames[1]->file), frames[1]->line);
	return true;
}
