#include "heads.h"

#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "processors/mesh_blend/mesh_blend.h"
#include "processors/mesh_blend/paint.h"
#include "vision/color.h"

static const int pale[3] = {150, 175, 215}, dark[3] = {60, 85, 130};
static const struct head donor_head = {150, 110, 60, 0, 0}, target_head = {160, 120, 64, 12, 4};

static const struct fus_mesh_blend_options standard = {.strength = 1.0f,
                                                       .feather = 0.22f,
                                                       .inset = 0.05f,
                                                       .keep_mouth = true,
                                                       .eyes = FUS_BLEND_EYES_TARGET};

static struct fus_image picture(int width, int height, const struct head *head, const int skin[3])
{
    struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, FUS_PIXEL_BGR8, width, height, NULL), 0);
    head_paint(head, skin, &image);
    return image;
}

static struct fus_image planar(const struct fus_image *bgr, enum fus_pixel_format format)
{
    struct fus_image image = {0};
    assert_int_equal(fus_image_alloc(&image, format, bgr->width, bgr->height, NULL), 0);
    image.matrix = FUS_MATRIX_BT709;
    const struct fus_rect all = {0, 0, bgr->width, bgr->height};
    fus_color_from_bgr(&image, all, bgr->plane[0], bgr->stride_bytes[0], NULL, 0);
    return image;
}

static struct fus_mesh_blend *blend_with(const struct fus_mesh_blend_options *options,
                                         const struct head *head, const int skin[3])
{
    struct fus_mesh_blend *blend = NULL;
    FUS_AUTO_IMAGE struct fus_image donor = picture(320, 280, head, skin);
    struct fus_face face;
    head_face(head, &face);
    assert_int_equal(fus_mesh_blend_new(options, &blend, NULL), 0);
    assert_int_equal(fus_mesh_blend_add_donor(blend, &donor, face.landmarks_68, NULL, NULL), 0);
    return blend;
}

static int draw_points(struct fus_mesh_blend *blend, struct fus_image *image,
                       const struct fus_face *face, int64_t pts_us, int64_t index)
{
    return fus_mesh_blend_frame(blend, image, &face, face ? 1 : 0, pts_us, index, NULL);
}

static int draw(struct fus_mesh_blend *blend, struct fus_image *image, const struct head *head,
                int64_t frame, bool fresh)
{
    struct fus_face face;
    head_face(head, &face);
    face.fresh = fresh;
    return draw_points(blend, image, &face, frame * 40000, frame);
}

static bool same_bytes(const struct fus_image *a, const struct fus_image *b)
{
    const bool yuv = fus_image_is_yuv(a);
    for (int plane = 0; plane < (yuv ? 3 : 1); plane++) {
        const int sx = plane ? fus_image_chroma_shift_x(a->format) : 0;
        const int sy = plane ? fus_image_chroma_shift_y(a->format) : 0;
        const size_t bytes = (size_t)((a->width + sx) >> sx) * (yuv ? 1 : 3);
        for (int y = 0; y < (a->height + sy) >> sy; y++)
            if (memcmp(a->plane[plane] + y * a->stride_bytes[plane],
                       b->plane[plane] + y * b->stride_bytes[plane], bytes) != 0)
                return false;
    }
    return true;
}

static float mask_at(const struct fus_render_trace *trace, int x, int y)
{
    x -= trace->rect.x;
    y -= trace->rect.y;
    if (!trace->mask || x < 0 || y < 0 || x >= trace->rect.width || y >= trace->rect.height)
        return 0.0f;
    return trace->mask[(size_t)y * (size_t)trace->rect.width + (size_t)x];
}

static void a_still_changes_only_under_the_mask(void **state)
{
    FUS_CLEANUP(fus_mesh_blend_free)
    struct fus_mesh_blend *blend = blend_with(&standard, &donor_head, dark);
    FUS_AUTO_IMAGE struct fus_image before = picture(330, 301, &target_head, pale);
    FUS_AUTO_IMAGE struct fus_image after = picture(330, 301, &target_head, pale);
    assert_int_equal(draw(blend, &after, &target_head, 0, true), 0);
    const struct fus_render_trace *trace = fus_mesh_blend_trace(blend);
    int changed = 0;
    for (int y = 0; y < before.height; y++)
        for (int x = 0; x < before.width; x++) {
            const bool same = memcmp(before.plane[0] + y * before.stride_bytes[0] + 3 * x,
                                     after.plane[0] + y * after.stride_bytes[0] + 3 * x, 3) == 0;
            changed += !same;
            assert_true(same || mask_at(trace, x, y) > 0.0f);
        }
    assert_true(changed > 4000);
}

static void planes_change_only_under_the_mask(void **state)
{
    static const enum fus_pixel_format formats[] = {FUS_PIXEL_YUV420P8, FUS_PIXEL_YUV422P8,
                                                    FUS_PIXEL_YUV444P8};
    for (size_t f = 0; f < FUS_COUNT(formats); f++) {
        FUS_CLEANUP(fus_mesh_blend_free)
        struct fus_mesh_blend *blend = blend_with(&standard, &donor_head, dark);
        FUS_AUTO_IMAGE struct fus_image bgr = picture(331, 301, &target_head, pale);
        FUS_AUTO_IMAGE struct fus_image before = planar(&bgr, formats[f]);
        FUS_AUTO_IMAGE struct fus_image after = planar(&bgr, formats[f]);
        assert_int_equal(draw(blend, &after, &target_head, 0, true), 0);
        const struct fus_render_trace *trace = fus_mesh_blend_trace(blend);
        int changed = 0;
        for (int plane = 0; plane < 3; plane++) {
            const int sx = plane ? fus_image_chroma_shift_x(formats[f]) : 0;
            const int sy = plane ? fus_image_chroma_shift_y(formats[f]) : 0;
            for (int y = 0; y < (before.height + sy) >> sy; y++)
                for (int x = 0; x < (before.width + sx) >> sx; x++) {
                    if (before.plane[plane][y * before.stride_bytes[plane] + x] ==
                        after.plane[plane][y * after.stride_bytes[plane] + x])
                        continue;
                    float most = 0.0f;
                    for (int j = 0; j <= sy; j++)
                        for (int i = 0; i <= sx; i++)
                            most = fmaxf(most, mask_at(trace, (x << sx) + i, (y << sy) + j));
                    assert_true(most > 0.0f);
                    changed++;
                }
        }
        assert_true(changed > 4000);
    }
}

static double mean_of(const struct fus_image *bgr, const struct head *head, int vertex)
{
    const struct fus_point p = head_point(head, vertex);
    double sum = 0.0;
    for (int j = -4; j <= 4; j++)
        for (int i = -4; i <= 4; i++)
            for (int c = 0; c < 3; c++)
                sum +=
                    bgr->plane[0][((int)p.y + j) * bgr->stride_bytes[0] + 3 * ((int)p.x + i) + c];
    return sum / 243.0;
}

static void the_swapped_skin_has_the_targets_colour(void **state)
{
    FUS_CLEANUP(fus_mesh_blend_free)
    struct fus_mesh_blend *blend = blend_with(&standard, &donor_head, dark);
    FUS_AUTO_IMAGE struct fus_image before = picture(330, 300, &target_head, pale);
    FUS_AUTO_IMAGE struct fus_image after = picture(330, 300, &target_head, pale);
    assert_int_equal(draw(blend, &after, &target_head, 0, true), 0);
    for (int vertex = 98; vertex <= 99; vertex++) /* cheeks */
        assert_true(fabs(mean_of(&before, &target_head, vertex) -
                         mean_of(&after, &target_head, vertex)) < 12.0);
}

static void no_strength_changes_nothing(void **state)
{
    struct fus_mesh_blend_options options = standard;
    options.strength = 0.0f;
    FUS_CLEANUP(fus_mesh_blend_free)
    struct fus_mesh_blend *blend = blend_with(&options, &donor_head, dark);
    FUS_AUTO_IMAGE struct fus_image before = picture(330, 300, &target_head, pale);
    FUS_AUTO_IMAGE struct fus_image after = picture(330, 300, &target_head, pale);
    assert_int_equal(draw(blend, &after, &target_head, 0, true), 0);
    assert_true(same_bytes(&before, &after));
}

static void padding_draws_the_mask_in(void **state)
{
    struct fus_mesh_blend_options options = standard;
    options.padding[0] = 60; /* top: eyes and brows stay the target's */
    FUS_CLEANUP(fus_mesh_blend_free)
    struct fus_mesh_blend *blend = blend_with(&options, &donor_head, dark);
    FUS_AUTO_IMAGE struct fus_image after = picture(330, 300, &target_head, pale);
    assert_int_equal(draw(blend, &after, &target_head, 0, true), 0);
    const struct fus_point brow = head_point(&target_head, 21),
                           chin = head_point(&target_head, 110);
    assert_true(mask_at(fus_mesh_blend_trace(blend), (int)brow.x, (int)brow.y) == 0.0f);
    assert_true(mask_at(fus_mesh_blend_trace(blend), (int)chin.x, (int)chin.y) > 0.5f);
}

static void the_inner_mouth_stays_when_it_is_open(void **state)
{
    struct fus_face face;
    head_face(&target_head, &face);
    for (int i = 65; i < 68; i++)
        face.landmarks_68[i].y += 0.3f * target_head.scale;
    for (int i = 55; i < 60; i++)
        face.landmarks_68[i].y += 0.3f * target_head.scale;
    const int x = (int)face.landmarks_68[62].x;
    const int y = (int)(0.5f * (face.landmarks_68[62].y + face.landmarks_68[66].y));
    for (int keep = 0; keep < 2; keep++) {
        struct fus_mesh_blend_options options = standard;
        options.keep_mouth = keep;
        FUS_CLEANUP(fus_mesh_blend_free)
        struct fus_mesh_blend *blend = blend_with(&options, &donor_head, pale);
        FUS_AUTO_IMAGE struct fus_image after = picture(330, 300, &target_head, pale);
        assert_int_equal(draw_points(blend, &after, &face, 0, 0), 0);
        const float mask = mask_at(fus_mesh_blend_trace(blend), x, y);
        assert_true(keep ? mask < 0.1f : mask > 0.7f);
    }
}

static void rubbish_points_do_no_harm(void **state)
{
    struct fus_mesh_blend_options options = standard;
    options.clip = true;
    FUS_CLEANUP(fus_mesh_blend_free)
    struct fus_mesh_blend *blend = blend_with(&options, &donor_head, dark);
    FUS_AUTO_IMAGE struct fus_image bgr = picture(200, 180, &target_head, pale);
    FUS_AUTO_IMAGE struct fus_image image = planar(&bgr, FUS_PIXEL_YUV420P8);
    uint32_t random = 7;
    for (int round = 0; round < 400; round++) {
        const struct head head = {
            (float)(head_hash(random) % 400) - 100.0f,
            (float)(head_hash(random + 1) % 400) - 100.0f, (float)(head_hash(random + 2) % 300),
            (float)(head_hash(random + 3) % 160) - 80.0f, (float)(head_hash(random + 4) % 360)};
        random += 5;
        struct fus_face face;
        head_face(&head, &face);
        face.track_id = round % 5;
        face.fresh = round % 7 == 0;
        for (int i = 0; i < round % 68; i++) {
            struct fus_point *p = &face.landmarks_68[head_hash(random++) % 68];
            switch (round % 6) {
            case 0:
                p->x = NAN;
                break;
            case 1:
                p->y = INFINITY;
                break;
            case 2:
                *p = face.landmarks_68[0];
                break;
            case 3:
                p->x += (float)(head_hash(random++) % 2000) - 1000.0f;
                break;
            case 4:
                p->y = 60000.0f;
                break;
            default:
                p->x = (float)round;
                break;
            }
        }
        assert_int_equal(draw_points(blend, round % 2 ? &image : &bgr, &face, round * 40000, round),
                         0);
    }
}

static void a_steady_clip_allocates_nothing_after_its_start(void **state)
{
    struct fus_mesh_blend_options options = standard;
    options.clip = true;
    FUS_CLEANUP(fus_mesh_blend_free)
    struct fus_mesh_blend *blend = blend_with(&options, &donor_head, dark);
    FUS_AUTO_IMAGE struct fus_image bgr = picture(330, 300, &target_head, pale);
    FUS_AUTO_IMAGE struct fus_image image = planar(&bgr, FUS_PIXEL_YUV420P8);
    for (int frame = 0; frame < 3; frame++)
        assert_int_equal(draw(blend, &image, &target_head, frame, frame == 0), 0);
    fus_mem_fail_after(0);
    for (int frame = 3; frame < 20; frame++) {
        struct head head = target_head;
        head.yaw += 0.5f * (float)frame;
        assert_int_equal(draw(blend, &image, &head, frame, false), 0);
    }
    assert_false(fus_mem_failed());
    fus_mem_fail_off();
}

/* Mask in the middle of a cheek. */
static float cheek(const struct fus_mesh_blend *blend)
{
    const struct fus_point p = head_point(&target_head, 98);
    return mask_at(fus_mesh_blend_trace(blend), (int)p.x, (int)p.y);
}

static void a_new_face_fades_in_and_the_first_one_is_there_at_once(void **state)
{
    struct fus_mesh_blend_options options = standard;
    options.clip = true;
    FUS_CLEANUP(fus_mesh_blend_free)
    struct fus_mesh_blend *blend = blend_with(&options, &donor_head, dark);
    FUS_AUTO_IMAGE struct fus_image image = picture(330, 300, &target_head, pale);
    assert_int_equal(draw(blend, &image, &target_head, 0, true), 0);
    assert_true(cheek(blend) > 0.9f);
    for (int frame = 1; frame < 10; frame++)
        assert_int_equal(draw_points(blend, &image, NULL, frame * 40000, frame), 0);
    float last = 0.0f;
    for (int frame = 10; frame < 13; frame++) {
        assert_int_equal(draw(blend, &image, &target_head, frame, frame == 10), 0);
        assert_true(cheek(blend) > last);
        assert_true(frame > 10 || cheek(blend) < 0.5f);
        last = cheek(blend);
    }
    assert_true(last > 0.9f);
}

static void a_lost_face_fades_out_and_a_cut_ends_it_at_once(void **state)
{
    struct fus_mesh_blend_options options = standard;
    options.clip = true;
    for (int cut = 0; cut < 2; cut++) {
        FUS_CLEANUP(fus_mesh_blend_free)
        struct fus_mesh_blend *blend = blend_with(&options, &donor_head, dark);
        FUS_AUTO_IMAGE struct fus_image other = picture(330, 300, &target_head, cut ? dark : pale);
        for (int frame = 0; frame < 3; frame++) {
            FUS_AUTO_IMAGE struct fus_image image = picture(330, 300, &target_head, pale);
            assert_int_equal(draw(blend, &image, &target_head, frame, frame == 0), 0);
        }
        FUS_AUTO_IMAGE struct fus_image after = picture(330, 300, &target_head, cut ? dark : pale);
        assert_int_equal(draw_points(blend, &after, NULL, 3 * 40000, 3), 0);
        assert_int_equal(same_bytes(&after, &other), cut);
        fus_image_copy(&after, &other);
        for (int frame = 4; frame < 8; frame++) {
            fus_image_copy(&after, &other);
            assert_int_equal(draw_points(blend, &after, NULL, frame * 40000, frame), 0);
        }
        assert_true(same_bytes(&after, &other));
    }
}

static void the_same_frames_give_the_same_bytes(void **state)
{
    struct fus_mesh_blend_options options = standard;
    options.clip = true;
    FUS_AUTO_IMAGE struct fus_image first = {0};
    FUS_AUTO_IMAGE struct fus_image second = {0};
    for (int round = 0; round < 2; round++) {
        FUS_CLEANUP(fus_mesh_blend_free)
        struct fus_mesh_blend *blend = blend_with(&options, &donor_head, dark);
        struct fus_image *result = round ? &second : &first;
        *result = picture(330, 300, &target_head, pale);
        for (int frame = 0; frame < 4; frame++)
            assert_int_equal(draw(blend, result, &target_head, frame, frame == 0), 0);
    }
    assert_true(same_bytes(&first, &second));
}

static void of_two_donors_the_nearer_in_pose_is_used_and_the_change_is_gradual(void **state)
{
    struct fus_mesh_blend_options options = standard;
    options.clip = true;
    const struct head left = {160, 120, 60, -25, 0}, right = {160, 120, 60, 25, 0};
    FUS_CLEANUP(fus_mesh_blend_free)
    struct fus_mesh_blend *blend = blend_with(&options, &left, pale);
    FUS_AUTO_IMAGE struct fus_image second = picture(330, 300, &right, pale);
    struct fus_face face;
    head_face(&right, &face);
    assert_int_equal(fus_mesh_blend_add_donor(blend, &second, face.landmarks_68, NULL, NULL), 0);
    fus_mesh_blend_donors_done(blend);
    FUS_AUTO_IMAGE struct fus_image image = picture(330, 300, &target_head, pale);
    float share[8];
    for (int frame = 0; frame < 8; frame++) {
        const struct head head = {160, 120, 64, frame < 2 ? -20.0f : 20.0f, 0};
        assert_int_equal(draw(blend, &image, &head, frame, frame == 0), 0);
        const struct fus_point nose = head_point(&head, 29);
        share[frame] = mask_at(fus_mesh_blend_trace(blend), (int)nose.x, (int)nose.y);
    }
    assert_true(share[1] > 0.9f);
    assert_true(share[2] < 0.4f && share[3] > share[2] && share[4] > share[3]);
    assert_true(share[7] > 0.9f);
}

/* Paints the lower half of the donor's face in a colour and tells how bearded it looks. */
static float beard_of(const int *colour)
{
    FUS_AUTO_IMAGE struct fus_image image = picture(320, 280, &donor_head, pale);
    const struct fus_point mouth = head_point(&donor_head, 62);
    for (int y = (int)(mouth.y - 0.2f * donor_head.scale); colour && y < image.height; y++)
        for (int x = 0; x < image.width; x++) {
            if (fabsf((float)x - mouth.x) < 0.4f * donor_head.scale &&
                fabsf((float)y - mouth.y) < 0.1f * donor_head.scale)
                continue;
            uint8_t *pixel = image.plane[0] + y * image.stride_bytes[0] + 3 * x;
            for (int c = 0; c < 3; c++)
                pixel[c] = (uint8_t)colour[c];
        }
    FUS_CLEANUP(fus_mesh_blend_free) struct fus_mesh_blend *blend = NULL;
    const struct fus_donor *donor = NULL;
    struct fus_face face;
    head_face(&donor_head, &face);
    assert_int_equal(fus_mesh_blend_new(&standard, &blend, NULL), 0);
    assert_int_equal(fus_mesh_blend_add_donor(blend, &image, face.landmarks_68, &donor, NULL), 0);
    return donor->beard;
}

static void a_beard_is_told_from_a_shadow(void **state)
{
    static const int hair[3] = {48, 52, 58}, shadow[3] = {30, 40, 95};
    assert_true(beard_of(NULL) < 0.05f);
    assert_true(beard_of(hair) > 0.9f);
    assert_true(beard_of(shadow) < 0.1f);
}

static void every_allocation_may_fail(void **state)
{
    struct fus_mesh_blend_options options = standard;
    options.clip = true;
    FUS_AUTO_IMAGE struct fus_image donor = picture(320, 280, &donor_head, dark);
    FUS_AUTO_IMAGE struct fus_image image = picture(330, 300, &target_head, pale);
    struct fus_face face;
    head_face(&donor_head, &face);
    int codes = 0;
    for (long calls = 0;; calls++) {
        assert_true(calls < 200);
        struct fus_error err = {0};
        FUS_CLEANUP(fus_mesh_blend_free) struct fus_mesh_blend *blend = NULL;
        fus_mem_fail_after(calls);
        int failed = fus_mesh_blend_new(&options, &blend, &err);
        if (!failed)
            failed = fus_mesh_blend_add_donor(blend, &donor, face.landmarks_68, NULL, &err);
        if (!failed)
            failed = draw(blend, &image, &target_head, 0, true);
        const bool hit = fus_mem_failed();
        fus_mem_fail_off();
        assert_true(failed == 0 || failed == FUS_E_OUT_OF_MEMORY);
        codes += failed != 0;
        if (!hit)
            break;
    }
    assert_true(codes > 10);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_still_changes_only_under_the_mask),
        cmocka_unit_test(planes_change_only_under_the_mask),
        cmocka_unit_test(the_swapped_skin_has_the_targets_colour),
        cmocka_unit_test(no_strength_changes_nothing),
        cmocka_unit_test(padding_draws_the_mask_in),
        cmocka_unit_test(the_inner_mouth_stays_when_it_is_open),
        cmocka_unit_test(rubbish_points_do_no_harm),
        cmocka_unit_test(a_steady_clip_allocates_nothing_after_its_start),
        cmocka_unit_test(a_new_face_fades_in_and_the_first_one_is_there_at_once),
        cmocka_unit_test(a_lost_face_fades_out_and_a_cut_ends_it_at_once),
        cmocka_unit_test(a_beard_is_told_from_a_shadow),
        cmocka_unit_test(the_same_frames_give_the_same_bytes),
        cmocka_unit_test(of_two_donors_the_nearer_in_pose_is_used_and_the_change_is_gradual),
        cmocka_unit_test(every_allocation_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
