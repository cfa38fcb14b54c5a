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

static bool
admits_line(void *asker, int64_t site)
{
	return is_of_line(asker, site);
}

static void
each(struct look *look, bool bare)
{
	const struct source *source = look->source;
	struct event anywhere = *look->now;

	anywhere.site = -1;
	if (look->now->id < 0 || look->now->site < 0)
		return;
	if (source->each_call_of)
		source->each_call_of(source->context, look->process, &anywhere, admits_line, look, bare, look->visit, look->context);
	else
		source->each_call(source->context, look->process, &anywhere, visit_line, look);
}

void
elsewhere_each(const struct source *source, int process, const struct event *event, bool (*visit)(const struct event *event, void *context),
	       void *context)
{
	struct look look = { .source = source, .process = process, .now = event, .visit = visit, .context = context };

	each(&look, false);
}

struct others { const struct event *now; int64_t count, newest; struct look look; };

static bool
add_other(const struct event *event, void *context)
{
	struct others *others = context;

	if (event->site != others->now->site && !others->count++)
		others->newest = event->id;
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

	each(&others->look, true);
	if (!source->each_call_site || event->id < 0 || event->site < 0)
		return;
	kept = others->count;
	others->count = 0;
	source->each_call_site(source->context, process, event, add_site, others);
	others->count = others->count > kept ? others->count : kept;
}

/* How many came on other ways, and the newest that is kept. */
static struct others
find_others(const struct source *source, int process, const struct event *event)
{
	struct others others = { .now = event, .newest = -1, .look = { .source = source, .process = process, .now = event, .visit = add_other } };

	others.look.context = &others;
	count_others(source, process, event, &others);
	return others;
}

/* Of the newest: from which line it came (THERE), if not from HERE; and whether it was in the other of training and evaluation. */
static const char *
tell_newest(const struct source *source, int process, const struct event *event, int64_t id, char there[ELSEWHERE_LINE], char here[ELSEWHERE_LINE])
{
	struct event newest;

	*there = *here = 0;
	if (id < 0 || !source->event(source->context, process, id, &newest))
		return "";
	if (!elsewhere_parts(source, process, newest.site, event->site, there, here))
		*there = *here = 0;
	if (!newest.phase || !event->phase || strcmp(newest.phase, event->phase) == 0 || !text_among("forward eval", newest.phase))
		return "";
	return strcmp(newest.phase, "eval") == 0 ? SAY(" (in evaluation)") : SAY(" (in training)");
}

void
elsewhere_add(const struct source *source, int process, const struct event *event, struct text *text)
{
	struct others others = find_others(source, process, event);
	char there[ELSEWHERE_LINE], here[ELSEWHERE_LINE];
	const char *mode;

	if (!others.count)
		return;
	text_add(text, "%" PRId64 " earlier call%s of this line went well, none on this way", others.count, language_plural(others.count));
	mode = tell_newest(source, process, event, others.newest, there, here);
	if (*there)
		text_add(text, ": the last came from %s%s, this one from %s", there, mode, here);
	else if (*mode)
		text_add(text, ": the last%s", mode);
}

bool
elsewhere_add_more(const struct source *source, int process, const struct event *event, struct text *text)
{
	struct others others = find_others(source, process, event);
	char there[ELSEWHERE_LINE], here[ELSEWHERE_LINE];
	const char *mode;

	if (!others.count)
		return false;
	mode = tell_newest(source, process, event, others.newest, there, here);
	text_add(text, "; %" PRId64 " more on other ways", others.count);
	if (*there)
		text_add(text, ", the last from %s%s", there, mode);
	else if (*mode)
		text_add(text, ", the last%s", mode);
	return true;
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
