/* links: libshim */
#include <CUnit/Basic.h>

#include "fake_tensor.h"
#include "libshim/written.h"
#include "shim_fixture.h"

static const struct identity_event event = { 1, 2, 3, NULL };
static float first[4], second[4], third[4];
static struct fake_storage one = STORAGE(first), two = STORAGE(second), three = STORAGE(third);
static uint64_t block[2];

/* A tensor of STORAGE that operations have met. */
static struct fake_tensor *
met(struct fake_tensor *out, const struct fake_storage *storage)
{
	*out = tensor(storage, FLOAT, 1, DIMS(4), DIMS(1), 0);
	identity_meet(out, FLOAT, true, &event, block);
	return out;
}

static void
operations(void)
{
	CU_ASSERT_EQUAL(written_of("aten::normal_"), WRITTEN_RANDOM);
	CU_ASSERT_EQUAL(written_of("aten::copy_"), WRITTEN_COPIED);
	CU_ASSERT_EQUAL(written_of("aten::add_"), WRITTEN_NONE);
	CU_ASSERT_EQUAL(written_of("aten::normal"), WRITTEN_NONE);
}

static void
what_was_written(void)
{
	struct fake_tensor weight, data, other, converted, replaced;

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	met(&weight, &one);
	CU_ASSERT_FALSE(written_is_fresh(&weight)); /* nothing is known */
	written_take(WRITTEN_RANDOM, &weight);
	CU_ASSERT(written_is_fresh(&weight) && !written_is_copied(&weight) && !written_is_reset(&weight));
	written_take(WRITTEN_COPIED, met(&data, &one)); /* weight.data.copy_() */
	CU_ASSERT(!written_is_fresh(&weight) && written_is_copied(&weight) && !written_is_reset(&weight));

	met(&other, &two);
	written_take(WRITTEN_COPIED, &other);
	CU_ASSERT(written_is_copied(&other) && !written_is_reset(&other));
	written_take(WRITTEN_RANDOM, &other);
	CU_ASSERT(written_is_reset(&other) && !written_is_fresh(&other));
	written_take(WRITTEN_COPIED, &other);
	CU_ASSERT(written_is_copied(&other) && !written_is_reset(&other));

	met(&replaced, &three);
	written_take(WRITTEN_RANDOM, &replaced);
	CU_ASSERT(written_is_fresh(&replaced));
	met(&converted, &one);
	written_moved(&replaced, &converted, false); /* replaced.data = another's */
	replaced.storage = &one;
	CU_ASSERT_FALSE(written_is_fresh(&replaced));
	fixture_remove();
}

static void
what_is_converted(void)
{
	static float more[2][4];
	struct fake_storage before = STORAGE(more[0]), after = STORAGE(more[1]);
	struct fake_tensor weight, half;

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	met(&weight, &before);
	written_take(WRITTEN_RANDOM, &weight);
	written_moved(&weight, met(&half, &after), true);
	weight.storage = &after;
	CU_ASSERT(written_is_fresh(&weight));
	__atomic_store_n(&shim_box.header->step, 1, __ATOMIC_RELAXED);
	written_take(WRITTEN_COPIED, &weight); /* training: no longer looked at */
	CU_ASSERT(written_is_fresh(&weight));
	fixture_remove();
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	learn_fakes();
	suite = CU_add_suite("written", NULL, NULL);
	CU_add_test(suite, "operations", operations);
	CU_add_test(suite, "what was written", what_was_written);
	CU_add_test(suite, "what is converted", what_is_converted);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
