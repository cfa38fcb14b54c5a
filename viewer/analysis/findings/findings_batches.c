/* Findings about sizes that will not divide: patches, and the last batch of an epoch. */
#include <inttypes.h>
#include <string.h>

#include "findings_tool.h"

#define PATCH_LEAST 8    /* smaller windows are a network's stem, which may leave a border */
#define PATCH_CHANNELS 4 /* of a picture, rather than of something in the middle */

/* A picture of 225 x 225 in patches of 16: the last row and column are never looked at. */
void
finding_patch_leaves_rest(const struct finding_facts *facts, struct finding_sink *sink)
{
	for (int i = 0; i < facts->survey->count; i++) {
		const struct survey_site *site = &facts->survey->sites[i];
		struct finding *finding = site->kind == SURVEY_PATCH && site->odd && site->odd == site->calls && site->other >= PATCH_LEAST &&
					  site->sizes[1][1] <= PATCH_CHANNELS ? finding_new(sink) : NULL;

		if (!finding)
			continue;
		text_add(&finding->text, "pictures of %" PRId64 " x %" PRId64, site->sizes[0][2], site->sizes[0][3]);
		finding_add_place(facts, &finding->text, site->site);
		text_add(&finding->text, " are cut into patches of %" PRId64 ": the last %" PRId64 " rows and %" PRId64 " columns are in none", site->other,
			 site->sizes[0][2] % site->other, site->sizes[0][3] % site->other);
		finding_add_calls(&finding->evidence, site);
		finding->event = site->event;
		finding->site = site->site;
	}
}

/* --- the last batch ---------------------------------------------------------------------------- */

/* What the last batch of an epoch of LOADER has; 0 if it is as large as the others, or left out. */
static int64_t
rest_of(const json_t *loader)
{
	int64_t size = finding_number(loader, "batch_size"), samples = finding_number(loader, "samples");

	return size < 2 || samples <= size || json_is_true(json_object_get(loader, "drop_last")) ? 0 : samples % size;
}

/* Can't SITE take a batch of REST? */
static bool
refuses(const struct survey_site *site, int64_t rest)
{
	switch (site->kind) {
	case SURVEY_NORM:
		return rest == 1 && site->odd == site->calls;
	case SURVEY_HELD: /* one that broadcasts is taken */
		return rest > 1 && site->odd >= 2 && site->odd == site->calls - 1 && site->last_step - site->first_step >= 2;
	case SURVEY_SPLIT: /* which of both factors is the program's constant isn't known */
		return site->odd == site->calls && rest % site->other && rest % (site->sizes[0][0] / site->other);
	default:
		return false;
	}
}

static void
tell_last_batch(const struct finding_facts *facts, const struct survey_site *site, const json_t *loader, struct finding *finding)
{
	text_add(&finding->text, "the last batch of %s will have %" PRId64 " samples (%" PRId64 " in batches of %" PRId64 "), and ", text_get(loader, "name"),
		 rest_of(loader), finding_number(loader, "samples"), finding_number(loader, "batch_size"));
	text_add(&finding->text, "%s", site->operation + 6);
	finding_add_place(facts, &finding->text, site->site);
	if (site->kind == SURVEY_NORM) {
		text_add(&finding->text, " needs more than one");
	} else if (site->kind == SURVEY_HELD) {
		text_add(&finding->text, " meets each batch with a tensor that was made once, for ");
		text_add_sizes(&finding->text, site->sizes[0], site->ndim[0]);
	} else {
		text_add(&finding->text, " divides the batch into %" PRId64 " times %" PRId64, site->sizes[0][0] / site->other, site->other);
	}
	finding->event = site->event;
	finding->site = site->site;
	finding_add_calls(&finding->evidence, site);
}

/* Not before the end of the epoch does it fail. With several loaders of one batch size it isn't known which it is. */
void
finding_last_batch(const struct finding_facts *facts, struct finding_sink *sink)
{
	const json_t *loaders = json_object_get(facts->state, "loaders"), *one, *loader = NULL;
	size_t i;

	json_array_foreach(loaders, i, one) {
		if (finding_number(one, "batch_size") != facts->survey->batch)
			continue;
		if (loader || !rest_of(one))
			return;
		loader = one;
	}
	for (int n = 0; loader && n < facts->survey->count; n++) {
		const struct survey_site *site = &facts->survey->sites[n];
		struct finding *finding = refuses(site, rest_of(loader)) ? finding_new(sink) : NULL;

		if (finding) {
			tell_last_batch(facts, site, loader, finding);
			return;
		}
	}
}
