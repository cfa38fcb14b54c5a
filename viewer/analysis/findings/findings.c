#include "findings.h"
#include "findings_trains.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define PROCESSES_MOST 16 /* whose operations are walked; the state of all is looked at */
#define STATE_STEPS 3     /* what three steps haven't reached is odd */

struct rule {
	const char *id;
	void (*look)(const struct finding_facts *facts, struct finding_sink *sink);
	unsigned needs;
	const char *confidence;
};

#define FINDING(id, function, needs, confidence, fix) { id, finding_##function, needs, confidence },
static const struct rule rules[] = {
#include "findings.def"
};
#undef FINDING
#define RULES ((int)(sizeof rules / sizeof *rules))

/* The fix that rule ROW's table has. */
static const char *
fix_of(int row)
{
	int at = 0;

#define FINDING(id, function, needs, confidence, fix) \
	if (at++ == row) \
		return SAY(fix);
#include "findings.def"
#undef FINDING
	return NULL;
}

struct finding *
finding_new(struct finding_sink *sink)
{
	struct finding *finding = &sink->list[sink->count];

	if (sink->count == FINDINGS_PER_RULE)
		return NULL;
	*finding = (struct finding){ .event = -1, .site = -1 };
	sink->count++;
	return finding;
}

void
finding_drop(struct finding_sink *sink)
{
	json_decref(sink->list[--sink->count].setting);
}

/* --- as JSON --------------------------------------------------------------------------------- */

static json_t *
setting_json(const struct finding_facts *facts, const json_t *number)
{
	int64_t value = json_integer_value(json_object_get(number, "value"));
	const struct setting *found = number ? settings_find(facts->settings, text_get(number, "name"), value) : NULL;
	const char *file = found && found->file >= 0 ? facts->settings->files[found->file] : NULL;
	struct text text = { { 0 }, 0 };
	json_t *json;

	if (!number)
		return json_null();
	json = json_object();
	text_set(json, "name", text_get(number, "name"));
	json_object_set(json, "value", json_object_get(number, "value"));
	text_set(json, "file", file);
	text_set_integer(json, "line", found && file ? found->line : -1, -1);
	if (found && !file)
		text_add(&text, "%s %" PRId64 " on the command line", found->key, found->value);
	text_set(json, "source", text.used ? text.data : NULL);
	return json;
}

static json_t *
finding_json(const struct finding_facts *facts, int row, const struct finding *finding)
{
	const struct rule *rule = &rules[row];
	json_t *json = json_object(), *evidence = json_array();

	text_set(json, "rule", rule->id);
	text_set(json, "confidence", finding->confidence ? finding->confidence : rule->confidence);
	text_set(json, "text", finding->text.data);
	if (finding->evidence.used) {
		json_t *item = json_object();

		text_set_integer(item, "event", finding->event, -1);
		text_set(item, "text", finding->evidence.data);
		json_array_append_new(evidence, item);
	}
	json_object_set_new(json, "evidence", evidence);
	text_set(json, "fix", finding->fix.used ? finding->fix.data : fix_of(row));
	json_object_set_new(json, "setting", setting_json(facts, finding->setting));
	return json;
}

/* --- one process ------------------------------------------------------------------------------ */

static int64_t
steps_of_state(const json_t *state)
{
	return json_integer_value(json_object_get(state, "step"));
}

/* Of what a rule needs, what is there for PROCESS. */
static unsigned
is_there(const struct findings_survey *survey, const json_t *state)
{
	return (survey->events ? FINDING_EVENTS : 0) | (steps_of_state(state) >= STATE_STEPS ? FINDING_STATE : 0) |
	       (json_array_size(json_object_get(state, "samples")) ? FINDING_SAMPLES : 0);
}

/* The tensors that the state's rows name are followed. */
static void
follow_rows(struct findings_survey *survey, const json_t *state)
{
	static const char *const lists[] = { "idle", "device", "dtype" };
	const json_t *row, *identity;
	size_t i, n;

	for (size_t list = 0; list < sizeof lists / sizeof *lists; list++)
		json_array_foreach(json_object_get(state, lists[list]), i, row)
			json_array_foreach(json_object_get(row, "identities"), n, identity)
				findings_survey_follow(survey, json_integer_value(identity));
}

/* The batch size of the program's data loader: of the first whose last batch of an epoch is a smaller one. */
static int64_t
batch_of(const json_t *state)
{
	const json_t *loader;
	size_t i;

	json_array_foreach(json_object_get(state, "loaders"), i, loader) {
		int64_t size = json_integer_value(json_object_get(loader, "batch_size"));

		if (size > 1 && json_integer_value(json_object_get(loader, "samples")) % size)
			return size;
	}
	return 0;
}

/* What PROCESS has found, appended to LIST; WALK: look at its operations, too. Returns what was there to look at. */
static unsigned
look_at(const struct source *source, int process, bool walk, json_t *list)
{
	struct findings_survey *survey = calloc(1, sizeof *survey);
	struct settings *settings = calloc(1, sizeof *settings);
	struct finding_facts facts = { .source = source, .process = process, .survey = survey, .state = findings_state(source, process),
				       .settings = settings };
	unsigned there = 0;

	if (survey && settings) {
		follow_rows(survey, facts.state);
		survey->batch = batch_of(facts.state);
		if (walk)
			findings_survey(survey, source, process);
		if (facts.state && walk)
			settings_load(source, process, json_object_get(facts.state, "frames"),
				      source->process(source->context, process)->start_ns, settings);
		there = is_there(survey, facts.state);
		for (int i = 0; i < RULES; i++) {
			struct finding_sink sink = { .count = 0 };

			if ((rules[i].needs & ~there) == 0)
				rules[i].look(&facts, &sink);
			for (int n = 0; n < sink.count; n++)
				json_array_append_new(list, finding_json(&facts, i, &sink.list[n]));
			while (sink.count)
				finding_drop(&sink);
		}
	}
	free(survey);
	free(settings);
	return there;
}

/* --- all processes ----------------------------------------------------------------------------- */

/* A rank, or what trains without being one (forked by the program itself). */
static bool
is_rank(const struct process *process)
{
	return strcmp(process->role, "rank") == 0 || process->steps > 0;
}

/* One more that RANK found: beside one that says the same, or at the end. */
static void
merge(json_t *all, json_t *finding, int rank)
{
	json_t *known, *ranks = NULL;
	size_t i;

	json_array_foreach(all, i, known) {
		if (strcmp(text_get(known, "rule"), text_get(finding, "rule")) == 0 && strcmp(text_get(known, "text"), text_get(finding, "text")) == 0) {
			ranks = json_object_get(known, "ranks");
			break;
		}
	}
	if (!ranks) {
		ranks = json_array();
		json_object_set_new(finding, "ranks", ranks);
		json_array_append(all, finding);
	}
	if (rank >= 0)
		json_array_append_new(ranks, json_integer(rank));
}

static int
weight(const json_t *finding)
{
	const char *confidence = text_get(finding, "confidence");
	int order = strcmp(confidence, "certain") == 0 ? 0 : strcmp(confidence, "likely") == 0 ? 1 : 2, row = 0;

	while (row < RULES && strcmp(rules[row].id, text_get(finding, "rule")) != 0)
		row++;
	return order * RULES + row;
}

/* The surest first, then in the table's order. */
static json_t *
sorted(json_t *all)
{
	json_t *list = json_array(), *finding;
	size_t i;

	for (int want = 0; want < 3 * RULES; want++)
		json_array_foreach(all, i, finding)
			if (weight(finding) == want)
				json_array_append(list, finding);
	return list;
}

/* Which ranks have it is said where not all do. */
static void
name_ranks(json_t *finding, int rank_count)
{
	const json_t *ranks = json_object_get(finding, "ranks"), *evidence = json_object_get(finding, "evidence");
	size_t have = json_array_size(ranks);
	struct text text = { { 0 }, 0 };
	char list[128] = "";

	if (have == 0 || (int)have >= rank_count) {
		if (have == 0)
			json_object_set_new(finding, "ranks", json_null());
		return;
	}
	for (size_t i = 0; i < have && i < 8; i++)
		text_format(list + strlen(list), sizeof list - strlen(list), "%s%lld", i ? ", " : "", (long long)json_integer_value(json_array_get(ranks, i)));
	text_add(&text, "rank%s %s%s alone, of %d", language_plural((int64_t)have), list, have > 8 ? ", ..." : "", rank_count);
	json_array_append_new((json_t *)evidence, json_pack("{s:n, s:s}", "event", "text", text.data));
}

struct looked { int ranks; unsigned there; };

static json_t *
look_at_all(const struct source *source, struct looked *looked)
{
	json_t *all = json_array(), *list, *finding;
	int count = source->process_count(source->context), walked = 0;
	size_t n;

	*looked = (struct looked){ 0 };
	for (int i = 0; i < count; i++) {
		const struct process *process = source->process(source->context, i);
		json_t *here = json_array();

		if (is_rank(process)) {
			looked->ranks++;
			looked->there |= look_at(source, i, walked++ < PROCESSES_MOST, here);
		}
		json_array_foreach(here, n, finding)
			merge(all, finding, process->rank);
		json_decref(here);
	}
	list = sorted(all);
	json_decref(all);
	json_array_foreach(list, n, finding)
		name_ranks(finding, looked->ranks);
	return list;
}

json_t *
findings_of_source(const struct source *source)
{
	struct looked looked;

	return look_at_all(source, &looked);
}

json_t *
findings_list(struct trace *trace)
{
	struct source source = source_of_trace(trace);

	return findings_of_source(&source);
}

static void
add_not_looked(json_t *list, unsigned need, unsigned there, const char *text)
{
	json_t *ids = json_array();

	for (int i = 0; i < RULES; i++)
		if (rules[i].needs & need)
			json_array_append_new(ids, json_string(rules[i].id));
	if ((there & need) || json_array_size(ids) == 0)
		json_decref(ids);
	else
		json_array_append_new(list, json_pack("{s:s, s:o}", "text", text, "rules", ids));
}

json_t *
findings_build(struct trace *trace)
{
	struct source source = source_of_trace(trace);
	struct looked looked;
	json_t *json = json_object(), *missing = json_array(), *findings = look_at_all(&source, &looked);
	int64_t steps = 0, events = 0;
	bool running = false, failed = false;

	for (int i = 0; i < trace_process_count(trace); i++) {
		const struct process *process = trace_process(trace, i);

		if (!is_rank(process))
			continue;
		steps = process->steps > steps ? process->steps : steps;
		events += process->events;
		running = running || strcmp(process->status, "running") == 0;
		failed = failed || strcmp(process->status, "ok") != 0;
	}
	json_object_set_new(json, "schema", json_integer(1));
	text_set(json, "trace", trace_directory(trace));
	json_object_set_new(json, "processes", json_integer(looked.ranks));
	json_object_set_new(json, "steps", json_integer(steps));
	json_object_set_new(json, "events", json_integer(events));
	json_object_set_new(json, "running", json_boolean(running));
	json_object_set_new(json, "failed", json_boolean(failed && !running));
	json_object_set_new(json, "trains", findings_trains(&source));
	json_object_set_new(json, "findings", findings);
	add_not_looked(missing, FINDING_EVENTS, looked.there, SAY("operations: none are kept"));
	add_not_looked(missing, FINDING_STATE, looked.there,
		       SAY("modules, gradients, limits by name: they are looked at while an optimizer of PyTorch makes its third step"));
	json_object_set_new(json, "not_looked", missing);
	return json;
}
