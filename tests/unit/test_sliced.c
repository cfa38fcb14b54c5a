/* links: schema viewer */
/* Limits on the lines by which the two sides were made: where no frame reaches them, their file tells. */
#include <stdio.h>
#include <unistd.h>

#include "causes_asked.h"
#include "viewer/analysis/causes/sizes/sliced.h"

static char path[] = "/tmp/shapebox-sliced-XXXXXX.py";
static const char program[] = "MAX_WORDS = 20\nOTHER = 20\n"
			      "def collate(texts):\n"
			      "    for text in texts:\n"
			      "        words = text.split()\n"
			      "        kept = words[:MAX_WORDS]\n"
			      "        ids = torch.tensor([int(w) for w in kept])\n"
			      "        mask = torch.ones(len(words))\n"
			      "    return ids, mask\n";

static void
test_name(void)
{
	static const struct { const char *line, *name; } rows[] = {
		{ "kept = words[:MAX_WORDS]", "MAX_WORDS" }, { "x = ids[ : self.config.limit ]", "self.config.limit" }, { "a[0] + b[:n]", "n" },
		{ "ids[:20]", "" }, { "ids[:, 1]", "" }, { "ids[1:MAX]", "" }, { "ids[:MAX - 1]", "" }, { "ids[:]", "" }, { "ids[:MAX", "" }, { "", "" },
	};
	char name[100];

	for (int i = 0; i < COUNT(rows); i++) {
		const char *at = rows[i].line;

		name[0] = 0;
		CU_ASSERT_EQUAL(sliced_name(&at, name, sizeof(name)), rows[i].name[0] != 0);
		CU_ASSERT_STRING_EQUAL(name, rows[i].name);
	}
}

/* The numbers for a side of SIZE whose tensor was made at LINE; "" or the first one's name. */
static const char *
number_of(int line, int64_t size)
{
	static char name[100];
	const struct frame made[] = { { .file = path, .function = "collate", .line = line } };
	const struct site sites[] = { { .id = 7, .frame_count = 1, .frames = made } };
	struct hand hand = { .sites = sites, .site_count = 1, .processes = (const struct process[]){ { .parent_pid = -1 } }, .process_count = 1 };
	struct source source = hand_source(&hand);
	struct settings *set = calloc(1, sizeof(*set));
	struct cause_facts facts = { .source = &source, .settings = set, .sides = { { .size = size, .lineage = &stories[0] }, { .size = -1 } } };
	json_t *numbers = json_array(), *frames = json_array();

	add_step(0, 5, "aten::lift_fresh", NULL, 0, 0, size);
	stories[0].steps[0].event.site = 7;
	sliced_frames(&facts, frames);
	CU_ASSERT_EQUAL(json_array_size(frames), 1);
	if (set)
		settings_load(&source, 0, frames, 0, set);
	sliced_numbers(&facts, numbers);
	text_format(name, sizeof(name), "%s", text_get(json_array_get(json_object_get(json_array_get(numbers, 0), "numbers"), 0), "name"));
	CU_ASSERT_TRUE(json_array_size(numbers) <= 1);
	json_decref(numbers);
	json_decref(frames);
	free(set);
	forget();
	return name;
}

static void
test_numbers(void)
{
	CU_ASSERT_STRING_EQUAL(number_of(7, 20), "MAX_WORDS"); /* by the name that the line's rests on */
	CU_ASSERT_STRING_EQUAL(number_of(7, 18), "");          /* no longer than the limit: not cut */
	CU_ASSERT_STRING_EQUAL(number_of(8, 20), "");          /* made of what wasn't cut */
	CU_ASSERT_STRING_EQUAL(number_of(6, 20), "MAX_WORDS");
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "what a line cuts at", test_name);
	CU_add_test(suite, "numbers of the lines", test_numbers);
}

int
main(void)
{
	return run_suite_with(path, program, "limits on lines of code", fill);
}
