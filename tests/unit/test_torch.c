/* links: libshim */
#include <CUnit/Basic.h>
#include <string.h>

#include "libshim/torch.h"

/* A std::string as libstdc++ has it since C++11. */
static void
string_new(void)
{
	struct { const char *text; size_t size; char inside[16]; } at = { "aten::add", 9, "" };
	struct torch_string string = torch_string_at(&at, TORCH_STRING_BYTES);

	CU_ASSERT_EQUAL(sizeof at, TORCH_STRING_BYTES);
	CU_ASSERT_EQUAL(string.size, 9);
	CU_ASSERT_PTR_EQUAL(string.text, at.text);
}

/* And as it was before: a pointer, behind its length, its room and its references. */
static void
string_old(void)
{
	struct { size_t length, room; int64_t references; char text[16]; } shared = { 9, 15, 0, "aten::add" };
	const char *at = shared.text;
	struct torch_string string = torch_string_at(&at, TORCH_STRING_OLD_BYTES);

	CU_ASSERT_EQUAL(sizeof at, TORCH_STRING_OLD_BYTES);
	CU_ASSERT_EQUAL(string.size, 9);
	CU_ASSERT_PTR_EQUAL(string.text, shared.text);
}

/* What the known-answer test must not take for its name: the one kind read as the other. */
static void
string_other(void)
{
	struct { const char *text; size_t size; char inside[16]; } new = { "aten::empty_strided", 19, "" };
	struct { size_t length, room; int64_t references; char text[24]; } shared = { 19, 23, 0, "aten::empty_strided" };
	const char *old[2] = { shared.text, shared.text };

	CU_ASSERT_NOT_EQUAL(torch_string_at(old, TORCH_STRING_BYTES).size, 19);
	CU_ASSERT_EQUAL(torch_string_at(old, TORCH_STRING_OLD_BYTES).size, 19);
	CU_ASSERT_EQUAL(torch_string_at(&new, TORCH_STRING_BYTES).size, 19);
}

int
main(void)
{
	CU_pSuite suite;
	unsigned failures;

	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	suite = CU_add_suite("torch", NULL, NULL);
	CU_add_test(suite, "strings since C++11", string_new);
	CU_add_test(suite, "strings before it", string_old);
	CU_add_test(suite, "one kind is not taken for the other", string_other);
	CU_basic_run_tests();
	failures = CU_get_number_of_failures();
	CU_cleanup_registry();
	return failures ? 1 : 0;
}
