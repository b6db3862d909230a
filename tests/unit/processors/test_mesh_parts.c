/* mesh_blend's parts: geometry.c, rim.c, atlas.c, stats.c, paint.c */
#include "heads.h"

#include <string.h>

#include "base/mem.h"
#include "processors/mesh_blend/paint.h"
#include "processors/mesh_blend/rim.h"
#include "processors/mesh_blend/stats.h"

static void a_pose_is_found_again(void **state)
{
    for (int i = 0; i < 60; i++) {
        const struct head head = {200.0f + (float)i, 150, 20.0f + 5.0f * (float)i,
                                  i % 2 ? -50.0f + 1.7f * (float)i : 0.0f,
                                  i % 2 ? 0.0f : -30.0f + (float)i};
        struct fus_face face;
        struct fus_mesh mesh;
        head_face(&head, &face);
        assert_true(fus_mesh_place(face.landmarks_68, &mesh));
        assert_true(fabsf(mesh.scale - head.scale) < 0.01f * head.scale);
        assert_true(fabsf(mesh.yaw - head.yaw) < 1.0f);
        assert_true(fabsf(mesh.roll - head.roll) < 1.0f && fabsf(mesh.pitch) < 1.0f);
        assert_true(mesh.residual < 0.01f && mesh.flipped < 0.01f);
        for (int v = 68; v < FUS_MESH_VERTICES; v++) {
            const struct fus_point p = head_point(&head, v);
            assert_true(hypotf(mesh.at[v].x - p.x, mesh.at[v].y - p.y) < 0.03f * head.scale);
        }
    }
}

static void what_is_no_face_is_refused(void **state)
{
    const struct head head = {200, 150, 60, 0, 0};
    struct fus_face face;
    struct fus_mesh mesh;
    head_face(&head, &face);
    face.landmarks_68[13].y = NAN;
    assert_false(fus_mesh_place(face.landmarks_68, &mesh));
    head_face(&head, &face);
    face.landmarks_68[60].x = 1e9f;
    assert_false(fus_mesh_place(face.landmarks_68, &mesh));
    for (int i = 0; i < 68; i++)
        face.landmarks_68[i] = (struct fus_point){5.0f, 7.0f};
    assert_false(fus_mesh_place(face.landmarks_68, &mesh));
}

static void the_rim_is_where_the_drawn_triangles_end(void **state)
{
    static struct fus_rim rim;
    const struct head head = {200, 150, 60, 15, 0};
    struct fus_face face;
    struct fus_mesh mesh;
    head_face(&head, &face);
    assert_true(fus_mesh_place(face.landmarks_68, &mesh));
    fus_rim_find(&mesh, &rim);
    assert_true(rim.count > 20 && rim.count < 300);
    const struct fus_rect rect = {100, 80, 220, 220};
    struct fus_rim_grid grid;
    fus_rim_grid_plan(&rect, mesh.scale, &grid);
    FUS_AUTO_FREE float *values = fus_calloc(fus_rim_grid_count(&grid), sizeof *values);
    grid.values = values;
    fus_rim_grid_fill(&rim, &rect, mesh.scale, 0.5f, &grid);
    float line[256], row[220];
    for (int y = 0; y < rect.height; y += 7) {
        fus_rim_grid_row(&grid, y, rect.width, line, row);
        for (int x = 0; x < rect.width; x += 5) {
            float best = FUS_RIM_FAR * mesh.scale;
            for (int s = 0; s < rim.count; s++)
                for (int k = 0; k <= 20; k++) {
                    const struct fus_rim_segment *g = &rim.segments[s];
                    const float part = (float)k / 20.0f;
                    best = fminf(best, hypotf(g->x + part * g->dx - (float)(rect.x + x),
                                              g->y + part * g->dy - (float)(rect.y + y)));
                }
            if (best < 0.4f * mesh.scale)
                assert_true(fabsf(row[x] - best / mesh.scale) < 0.03f);
            else
                assert_true(row[x] > 0.35f);
        }
    }
}

static void the_atlas_is_symmetric_and_its_masks_are_where_they_should_be(void **state)
{
    FUS_CLEANUP(fus_atlas_free) struct fus_atlas *atlas = fus_atlas_new(FUS_ATLAS_LOW);
    assert_non_null(atlas);
    assert_int_equal(atlas->width, 120);
    assert_int_equal(atlas->height, 136);
    double apart = 0.0;
    for (int m = 0; m < FUS_ATLAS_LENS_LEFT; m++)
        for (int y = 0; y < atlas->height; y++)
            for (int x = 0; x < atlas->width; x++)
                apart +=
                    fabs((double)atlas->mask[m][y * 120 + x] - atlas->mask[m][y * 120 + 119 - x]);
    assert_true(apart / (FUS_ATLAS_LENS_LEFT * 120 * 136) < 0.004);
    struct {
        int vertex;
        enum fus_atlas_mask mask;
        bool set;
    } const facts[] = {{30, FUS_ATLAS_SEED, true},      {110, FUS_ATLAS_BEARD, true},
                       {19, FUS_ATLAS_BROWS, true},     {51, FUS_ATLAS_MOUTH, true},
                       {98, FUS_ATLAS_SKIN, true},      {81, FUS_ATLAS_FOREHEAD, true},
                       {98, FUS_ATLAS_EYEBALL, false},  {30, FUS_ATLAS_INNER, false},
                       {88, FUS_ATLAS_BELOW_HAIR, true}};
    for (size_t i = 0; i < FUS_COUNT(facts); i++) {
        const struct fus_point p = fus_atlas_vertex(FUS_ATLAS_LOW, facts[i].vertex);
        const float value = atlas->mask[facts[i].mask][(int)lrintf(p.y) * 120 + (int)lrintf(p.x)];
        assert_true(facts[i].set ? value > 0.5f : value < 0.5f);
    }
}

static void quantiles_are_those_of_the_sorted_values(void **state)
{
    float values[101];
    for (int round = 0; round < 20; round++) {
        for (int i = 0; i < 101; i++)
            values[i] = (float)((i * 37 + round) % 101);
        const float part = (float)round / 19.0f;
        assert_true(fabsf(fus_stats_quantile(values, 101, part) - 100.0f * part) < 1e-3f);
    }
    assert_true(fus_stats_median(values, 0) == 0.0f);
    values[0] = 4.0f;
    assert_true(fus_stats_median(values, 1) == 4.0f);
}

/* Random texels painted both ways. */
static void paint_both_ways(float scale, float yaw, int n)
{
    const struct head head = {1.1f * scale + 10.0f, 0.9f * scale + 4.0f, scale, yaw, 10};
    struct fus_face face;
    struct fus_mesh mesh;
    head_face(&head, &face);
    assert_true(fus_mesh_place(face.landmarks_68, &mesh));
    struct fus_donor_level level = {n, (int)(2.5f * (float)n), (int)(2.85f * (float)n), NULL};
    const size_t texels = (size_t)level.width * (size_t)level.height * FUS_TEXELS;
    level.texels = fus_malloc_aligned(texels * sizeof *level.texels);
    const size_t low = 120 * 136;
    FUS_AUTO_FREE float *texture = fus_calloc(5 * low, sizeof *texture);
    assert_true(level.texels && texture);
    for (size_t i = 0; i < texels; i++)
        level.texels[i] = (int16_t)(head_hash((uint32_t)i) % 20000);
    for (size_t i = 0; i < 5 * low; i++)
        texture[i] = (float)(head_hash((uint32_t)i) % 1000) / 1000.0f;
    const struct fus_blend_look look = {.texels = texture,
                                        .grain = texture + 4 * low,
                                        .gain_l = 0.9f,
                                        .gain_c = 1.1f,
                                        .crease = 0.5f,
                                        .blink = {0.2f, 0.7f},
                                        .eyes = 0.4f};
    const struct fus_paint paint = {.mesh = &mesh, .level = &level, .look = &look, .mouth = 0.6f};
    const struct fus_rect rect = {10, 4, (int)(2.2f * scale), (int)(2.9f * scale)};
    const size_t count = (size_t)rect.width * (size_t)rect.height;
    FUS_AUTO_FREE float *fast = fus_calloc(8 * count, sizeof *fast);
    FUS_AUTO_FREE uint8_t *plain_marks = fus_calloc(2 * count, 1);
    assert_true(fast && plain_marks);
    float *plain = fast + 4 * count;
    const struct fus_canvas a = {rect,       fast, fast + count, fast + 2 * count, fast + 3 * count,
                                 plain_marks};
    const struct fus_canvas b = {
        rect, plain, plain + count, plain + 2 * count, plain + 3 * count, plain_marks + count};
    fus_paint(&paint, &a);
    fus_paint_plain(&paint, &b);
    size_t drawn = 0;
    for (size_t i = 0; i < 4 * count; i++) {
        drawn += plain[i] != 0.0f;
        if (!(fabsf(fast[i] - plain[i]) < 2e-2f * (1.0f + fabsf(plain[i]))))
            fail_msg("plane %zu pixel %zu: %g and %g", i / count, i % count, (double)fast[i],
                     (double)plain[i]);
    }
    assert_memory_equal(plain_marks, plain_marks + count, count);
    assert_true(drawn > count);
    fus_free(level.texels);
}

static void painting_agrees_with_the_plain_twin(void **state)
{
    paint_both_ways(40.0f, 0.0f, 64);
    paint_both_ways(60.0f, 40.0f, 64);
    paint_both_ways(90.0f, -30.0f, 64); /* bicubic */
    paint_both_ways(12.0f, 10.0f, 16);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_pose_is_found_again),
        cmocka_unit_test(what_is_no_face_is_refused),
        cmocka_unit_test(the_rim_is_where_the_drawn_triangles_end),
        cmocka_unit_test(the_atlas_is_symmetric_and_its_masks_are_where_they_should_be),
        cmocka_unit_test(quantiles_are_those_of_the_sorted_values),
        cmocka_unit_test(painting_agrees_with_the_plain_twin),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
