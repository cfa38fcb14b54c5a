/* links: schema viewer */
/* Two settings of one name that don't agree; a small number that several names carry. */
#include <stdio.h>

#include "causes_asked.h"

static struct settings set;

static void
forget_settings(const char *file)
{
	set.count = 0;
	set.file_count = 1;
	text_format(set.files[0], sizeof(set.files[0]), "%s", file);
}

/* Numbers of two objects: the tower's and, in a caller's frame, the loader's. */
static json_t *
reach(void)
{
	return json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}, {s:s, s:i}]}, {s:i, s:[{s:s, s:i}]}]", "frame", 0, "numbers", "name", "tower.spatial_merge_size", "value", 2, "name",
			 "tower.patch_size", "value", 14, "name", "tower.temporal_patch_size", "value", 2, "frame", 3, "numbers", "name", "data.temporal_patch_size", "value", 2);
}

static bool
tell(const char *name, int64_t whole, int64_t by, struct cause *out)
{
	json_t *numbers = reach();
	struct cause_facts facts = { .numbers = numbers, .settings = &set };
	bool told;

	*out = (struct cause){ .confidence = NULL };
	told = cause_tell_namesake(&facts, name, whole, by, out);
	json_decref(numbers);
	return told;
}

static void
test_namesake(void)
{
	struct cause out;

	forget_settings("/x/preprocessor.json");
	settings_add_line(&set, "\"patch_size\": 14, \"temporal_patch_size\": 2, \"merge_size\": 1", 0, 7);
	CU_ASSERT_TRUE(tell("merge_size", 5, 2, &out));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.evidence.data, "merge_size is 1 at preprocessor.json:7, where the data are prepared, and tower.spatial_merge_size is 2 here: 5 is a multiple of 1, not of 2"));
	CU_ASSERT_PTR_NOT_NULL(strstr(out.fix.data, "make both one number: merge_size = 2 at preprocessor.json:7, as tower.spatial_merge_size is"));
	CU_ASSERT_FALSE(tell("merge_size", 6, 2, &out));      /* divides */
	CU_ASSERT_FALSE(tell("patch_size", 16, 14, &out));    /* temporal_patch_size is another, beside it in one object */
	CU_ASSERT_FALSE(tell("window", 5, 2, &out));          /* nothing of that name */
	settings_add_line(&set, "\"merge_size\": 2", 0, 9);   /* of two, which is whose isn't known */
	CU_ASSERT_FALSE(tell("merge_size", 5, 2, &out));
	forget_settings("/x/preprocessor.json");
	settings_add_line(&set, "\"merge_size\": 3", 0, 7);   /* wouldn't divide either */
	CU_ASSERT_FALSE(tell("merge_size", 5, 2, &out));
	forget_settings("/x/model.py");                       /* a program's line that doesn't speak of data */
	settings_add_line(&set, "blocks = Blocks(merge_size=1)", 0, 7);
	CU_ASSERT_FALSE(tell("merge_size", 5, 2, &out));
	forget_settings("/x/processing.py");
	settings_add_line(&set, "out = cut(merge_size=1)", 0, 7);
	CU_ASSERT_TRUE(tell("merge_size", 5, 2, &out));
}

/* 5 viewed as [4, 2, 2]: 2 is what? */
static void
ask_split(json_t *numbers)
{
	const struct operand viewed[] = { TENSOR("self", 1, 4, 5), VALUE("size", "int[]", "[4,2,2]") };
	const struct event event = EVENT("aten::view", viewed);

	forget();
	ask(&event, "", NULL, numbers);
}

static void
test_ambiguous(void)
{
	ask_split(reach()); /* neither is known to be it */
	EXPECT("sizes_do_not_divide", "likely");
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "temporal_patch_size"));
	CU_ASSERT_PTR_NULL(strstr(first_text("fix"), "spatial_merge_size"));
	ask_split(json_pack("[{s:i, s:[{s:s, s:i}, {s:s, s:i}]}]", "frame", 0, "numbers", "name", "merge_size", "value", 2, "name", "self.spatial_merge_size", "value", 2));
	CU_ASSERT_PTR_NOT_NULL(strstr(first_text("fix"), "merge_size = 2 (4 or 6)"));
}

static void
fill(CU_pSuite suite)
{
	CU_add_test(suite, "two settings of one name", test_namesake);
	CU_add_test(suite, "a small number that several names carry", test_ambiguous);
}

int
main(void)
{
	return run_suite("causes: settings of one name", fill);
}
