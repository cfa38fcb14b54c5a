/* links: libshim */
#include <CUnit/Basic.h>
#include <pthread.h>

#include "shim_fixture.h"

static const struct identity_event event = { 1, 2, 3 };

static void *
address(uintptr_t n)
{
	return (void *)(0x550000000000 + n * 192);
}

static void
a_number_is_never_used_twice(void)
{
	uint64_t block[2] = { 0, 0 };

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	uint64_t first = identity_meet(address(1), 6, true, &event, block);
	CU_ASSERT_NOT_EQUAL(first, 0);
	CU_ASSERT_EQUAL(identity_meet(address(1), 6, false, &event, block), first);
	CU_ASSERT_EQUAL(tensor_identity(address(1)), first);
	identity_end(address(1));
	CU_ASSERT_EQUAL(tensor_identity(address(1)), 0);
	uint64_t second = identity_meet(address(1), 6, true, &event, block);
	CU_ASSERT(second > first);
	CU_ASSERT_EQUAL(tensor_identity(address(2)), 0);
	fixture_remove();
}

static void
another_thread_meets_the_same_number(void)
{
	uint64_t block[2] = { 0, 0 }, other[2] = { 0, 0 };

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	identity_meet(address(1), 6, true, &event, block);
	uint64_t later = identity_meet(address(2), 6, true, &event, other); /* a block further on */
	CU_ASSERT(later > 200);
	CU_ASSERT_EQUAL(identity_meet(address(2), 6, false, &event, block), later);
	uint64_t fresh[2] = { 0, 0 }; /* of a thread that has made nothing yet */
	CU_ASSERT_EQUAL(identity_meet(address(2), 6, false, &event, fresh), later);
	fixture_remove();
}

static void
what_nothing_made_is_marked(void)
{
	uint64_t block[2] = { 0, 0 };
	int entered = 0, made = 0;

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	uint64_t in = identity_meet(address(1), 6, false, &event, block), out = identity_meet(address(2), 6, true, &event, block);
	const struct box_tensor *entry = box_region(BOX_TENSORS);
	for (uint64_t i = 0; i < shim_box.header->regions[BOX_TENSORS].size_bytes / sizeof *entry; i++) {
		entered += entry[i].tensor == in && entry[i].flags & BOX_LIVE_ENTERED;
		made += entry[i].tensor == out && !(entry[i].flags & BOX_LIVE_ENTERED) && entry[i].maker_op == 3;
	}
	CU_ASSERT_EQUAL(entered, 1);
	CU_ASSERT_EQUAL(made, 1);
	fixture_remove();
}

static void
a_full_table_counts_and_recovers(void)
{
	uint64_t block[2] = { 0, 0 };

	CU_ASSERT_FATAL(fixture_open(1 << 20));
	for (uintptr_t i = 0; i < 100000; i++)
		identity_meet(address(i), 6, true, &event, block);
	CU_ASSERT(shim_box.header->lost[BOX_LOSS_TENSORS_FULL] > 0);
	for (uintptr_t i = 0; i < 100000; i++)
		identity_end(address(i));
	CU_ASSERT_NOT_EQUAL(identity_meet(address(200000), 6, true, &event, block), 0);
	fixture_remove();
}

static void *
churn(void *argument)
{
	uintptr_t base = (uintptr_t)argument * 1000000;
	uint64_t block[2] = { 0, 0 }, wrong = 0;

	for (uintptr_t i = 0; i < 20000; i++) {
		uint64_t number = identity_meet(address(base + i), 6, true, &event, block);
		if (number && tensor_identity(address(base + i)) != number)
			wrong++;
		identity_end(address(base + i));
	}
	return (void *)wrong;
}

static void
threads_do_not_mix_their_tensors(void)
{
	pthread_t threads[4];
	void *wrong;

	CU_ASSERT_FATAL(fixture_open(4 << 20));
	for (uintptr_t i = 0; i < 4; i++)
		pthread_create(&threads[i], NULL, churn, (void *)(i + 1));
	for (int i = 0; i < 4; i++) {
		pthread_join(threads[i], &wrong);
		CU_ASSERT_PTR_NULL(wrong);
	}
	fixture_remove();
}

int
main(void)
{
	CU_initialize_registry();
	CU_pSuite suite = CU_add_suite("identity", NULL, NULL);
	CU_add_test(suite, "a number is never used twice", a_number_is_never_used_twice);
	CU_add_test(suite, "another thread meets the same number", another_thread_meets_the_same_number);
	CU_add_test(suite, "what nothing made is marked", what_nothing_made_is_marked);
	CU_add_test(suite, "a full table counts and recovers", a_full_table_counts_and_recovers);
	CU_add_test(suite, "threads do not mix their tensors", threads_do_not_mix_their_tensors);
	CU_basic_run_tests();
	unsigned failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures != 0;
}
