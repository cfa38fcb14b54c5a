#include "history_series.h"

#include <string.h>

#include "../text.h"
#include "../where.h"

#define LOOKED_AT_MOST 4096 /* calls of another rank */

struct points {
	const struct source *source;
	int process, place, dim, looked;
	const char *line;     /* of the failed operation: "/x/model.py:45" */
	int64_t site;         /* the last one looked at, and whether it is at LINE */
	bool same;
	json_t *list;         /* newest first */
};

static json_t *
point_json(const struct event *event, int64_t size)
{
	return json_pack("[I, I, I]", (json_int_t)event->step, (json_int_t)size, (json_int_t)event->id);
}

static bool
add_point(const struct event *event, void *context)
{
	struct points *points = context;
	char line[4200];

	if (points->line && event->site != points->site) {
		points->site = event->site;
		points->same = where_site_line(points->source, points->process, event->site, true, line, sizeof(line)) &&
			       strcmp(line, points->line) == 0;
	}
	if ((!points->line || points->same) && points->place < event->operand_count && points->dim < event->operands[points->place].ndim)
		json_array_append_new(points->list, point_json(event, event->operands[points->place].sizes[points->dim]));
	return ++points->looked < LOOKED_AT_MOST && json_array_size(points->list) < HISTORY_POINTS_MOST;
}

static void
add_rank(json_t *ranks, const struct process *process, bool failed, json_t *newest_first)
{
	json_t *json = json_object(), *points = json_array();

	for (size_t i = json_array_size(newest_first); i > 0; i--)
		json_array_append(points, json_array_get(newest_first, i - 1));
	text_set_integer(json, "rank", process ? process->rank : -1, -1);
	json_object_set_new(json, "failed", json_boolean(failed));
	json_object_set_new(json, "points", points);
	json_array_append_new(ranks, json);
	json_decref(newest_first);
}

json_t *
history_series(const struct source *source, int process, const struct event *event, int place, int dim)
{
	struct points points = { .source = source, .process = process, .place = place, .dim = dim, .list = json_array() };
	json_t *json, *ranks;
	char line[4200];

	if (event->site < 0 || place < 0 || place >= event->operand_count || dim < 0 || dim >= event->operands[place].ndim) {
		json_decref(points.list);
		return json_null();
	}
	json_array_append_new(points.list, point_json(event, event->operands[place].sizes[dim]));
	source->each_call(source->context, process, event, add_point, &points);
	ranks = json_array();
	add_rank(ranks, source->process(source->context, process), true, points.list);
	for (int i = 0; i < source->process_count(source->context) && json_array_size(ranks) <= HISTORY_RANKS_MOST &&
			where_site_line(source, process, event->site, true, line, sizeof(line)); i++) {
		const struct process *other = source->process(source->context, i);
		struct event any = *event;

		if (i == process || other->rank < 0 || !other->role || strcmp(other->role, "rank") != 0)
			continue;
		any.id = INT64_MAX;
		any.site = -1;
		points = (struct points){ .source = source, .process = i, .place = place, .dim = dim, .line = line, .site = -1,
					  .list = json_array() };
		source->each_call(source->context, i, &any, add_point, &points);
		if (json_array_size(points.list))
			add_rank(ranks, other, false, points.list);
		else
			json_decref(points.list);
	}
	json = json_object();
	text_set(json, "operand", event->operands[place].name);
	json_object_set_new(json, "dim", json_integer(dim));
	json_object_set_new(json, "size", json_integer(event->operands[place].sizes[dim]));
	json_object_set_new(json, "ranks", ranks);
	return json;
}
